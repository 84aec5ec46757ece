# SPDX-License-Identifier: BSL-1.0
"""The sites of a source file: where a small, thoughtless change can be made, and which ones.

A site is a range of the text and a kind of change; where several changes of a kind are possible there (`<` may become `<=` or `>=`),
they are one site's choices. What assert() is given is no site, as it is the check, not the code. Nor is what a template becomes: the
template is, once.

A change behind a run-time switch does nothing where the compiler wants a constant. Such sites are found and counted too, with the
reason (`Site.no`), so that nobody takes what is sampled for all there is.
"""

import concurrent.futures
import itertools
import re
import sys

import operators
import tree

CONSTANT = "the compiler wants a constant"
DECLARES = "a loop's condition that declares something"
LAST_RETURN = "the last return of a function with a value"
IN_ONE_STATEMENT = "not a statement of its own in a block"

# Nodes below which everything is a constant, or is never evaluated.
CONSTANT_KINDS = {"ConstantExpr", "StaticAssertDecl", "EnumConstantDecl", "NonTypeTemplateParmDecl", "TemplateTypeParmDecl",
                  "TemplateArgument", "ConceptDecl", "RequiresExpr", "CXXNoexceptExpr", "UnaryExprOrTypeTraitExpr", "AlignedAttr"}
FUNCTIONS = {"FunctionDecl", "CXXMethodDecl", "CXXConstructorDecl", "CXXDestructorDecl", "CXXConversionDecl"}
NAMES = FUNCTIONS | {"NamespaceDecl", "CXXRecordDecl", "VarDecl", "FieldDecl", "ClassTemplatePartialSpecializationDecl"}
BLOCKS = {"CompoundStmt", "CaseStmt", "DefaultStmt"}
KEPT_STATEMENTS = {"DeclStmt", "NullStmt", "CompoundStmt", "IfStmt", "ForStmt", "WhileStmt", "DoStmt", "CXXForRangeStmt", "SwitchStmt",
                   "CaseStmt", "DefaultStmt", "CXXTryStmt", "AttributedStmt"}
RETURNS = {"ReturnStmt", "CoreturnStmt"}
READS_SOMETHING = {"DeclRefExpr", "MemberExpr", "CallExpr", "CXXThisExpr", "CXXMemberCallExpr", "UnresolvedLookupExpr",
                   "CXXDependentScopeMemberExpr", "DependentScopeDeclRefExpr"}


class Site:
    def __init__(self, file, kind, begin, end, choices, inside, no):
        self.file, self.kind, self.begin, self.end = file, kind, begin, end
        self.choices = choices  # of (form of plant.py, new text, what happens)
        self.inside = inside  # the qualified name of what it is in
        self.no = no  # None, or why it cannot be planted


class Context:
    """What is known on the way down the tree."""

    def __init__(self, inside="", no=None, parent=None, last=None):
        self.inside, self.no, self.parent, self.last = inside, no, parent, last

    def with_(self, **what):
        result = Context(self.inside, self.no, self.parent, self.last)
        for name, value in what.items():
            setattr(result, name, value)
        return result


class Finder:
    def __init__(self, file, text):
        self.file, self.text = file, text
        self.sites = {}  # (begin, end, kind) -> Site
        self.asserted = set()

    def add(self, kind, begin, end, choices, context, no=None):
        self.sites.setdefault((begin, end, kind), Site(self.file, kind, begin, end, choices, context.inside, context.no or no))

    def source(self, node):
        return self.text[node.begin:node.end]

    def is_here(self, node):
        return node.file == self.file

    def visit(self, node, context):
        if self.is_here(node):
            if node.in_macro and self.text.startswith("assert", node.begin):
                self.asserted.add(node.begin)
                return
            context = self.entered(node, context)
            self.expression(node, context)
            self.condition(node, context)
            if context.parent is not None and context.parent.kind in BLOCKS | {"IfStmt", "ForStmt", "WhileStmt", "DoStmt"}:
                self.statement(node, context)
        for child in self.children_of(node):
            self.visit(child, self.below(node, child, context))

    @staticmethod
    def children_of(node):
        """Templates as they are written, without what they become."""
        if node.kind == "FunctionTemplateDecl":
            functions = [child for child in node.children if child.kind in FUNCTIONS]
            return [child for child in node.children if child not in functions[1:]]
        if node.kind == "ClassTemplateDecl":
            return [child for child in node.children if child.kind != "ClassTemplateSpecializationDecl"]
        return node.children

    def entered(self, node, context):
        if node.kind in NAMES and node.of.get("name"):
            context = context.with_(inside=f"{context.inside}::{node.of['name']}".removeprefix("::"))
        if node.kind in FUNCTIONS:
            body = next((child for child in node.children if child.kind == "CompoundStmt"), None)
            last = body.children[-1] if body and body.children else None
            context = context.with_(last=last.begin if last and last.kind in RETURNS and last.children else None)
        if node.kind in CONSTANT_KINDS or (node.kind == "VarDecl" and is_constant(node)):
            context = context.with_(no=CONSTANT)
        return context

    def below(self, node, child, context):
        constant = (node.kind == "CaseStmt" and child is node.children[0]) or (node.kind == "FieldDecl" and node.of.get("isBitfield"))
        if node.kind == "IfStmt" and node.of.get("isConstexpr") and child is node.children[0]:
            constant = True
        return context.with_(parent=node, no=CONSTANT if constant else context.no)

    # ---- expressions -----------------------------------------------------------------------------------------------

    def expression(self, node, context):
        source = self.source(node)
        if node.kind in ("BinaryOperator", "CompoundAssignOperator"):
            self.binary(node, node.children, context)
        elif node.kind == "CXXOperatorCallExpr":
            arguments = node.children[1:]
            if len(arguments) == 2:
                self.binary(node, arguments, context)
            elif len(arguments) == 1:
                self.unary(node, source, context)
        elif node.kind == "UnaryOperator":
            self.unary(node, source, context)
        elif node.kind in ("IntegerLiteral", "CXXBoolLiteralExpr") and not node.in_macro:
            self.choose("constant", node, operators.other_constants(source), context)
        elif node.kind in ("DeclRefExpr", "DependentScopeDeclRefExpr") and "memory_order" in source:
            self.choose("order", node, operators.weaker_orders(source, self.call_around(node.begin)), context)
        elif node.kind == "CXXMemberCallExpr" and any(is_default_order(child) for child in node.children):
            self.choose("order", node, operators.weaker_than_default(source), context)

    def binary(self, node, operands, context):
        left, right = operands
        if not (self.is_here(left) and self.is_here(right)) or left.end > right.begin:
            return
        gap = self.text[left.end:right.begin]
        operator = re.sub(r"//[^\n]*|/\*.*?\*/|\s+", "", gap, flags=re.DOTALL)
        source = self.source(node)
        with_gap = [(self.text[node.begin:left.end] + gap.replace(operator, other) + self.text[right.begin:node.end], other)
                    for other in operators.BINARY.get(operator, ())]
        if with_gap:
            self.choose(operators.kind_of(operator), node, [new for new, _ in with_gap], context)
        if operator in ("==", "!=") and "nullptr" in (self.source(left), self.source(right)):
            self.choose("null guard", node, ["true" if operator == "!=" else "false"], context)

    def unary(self, node, source, context):
        for begins, kind, other in operators.UNARY:
            if source.startswith(begins) and not source.startswith("!="):
                self.choose(kind, node, [other + source[len(begins):]], context)
                return
            if source.endswith(begins) and begins in ("++", "--"):
                self.choose(kind, node, [source[:-len(begins)] + other], context)
                return

    def choose(self, kind, node, texts, context):
        source = self.source(node)
        choices = [("expression", text, f"{shortened(source)} becomes {shortened(text)}") for text in texts]
        if choices:
            self.add(kind, node.begin, node.end, choices, context)

    def call_around(self, begin):
        """The name of the function in whose argument list this place is."""
        depth = 0
        for at in range(begin - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(self.text[at], 0)
            if depth < 0:
                return re.search(r"(\w*)$", self.text[:at])[1]
        return ""

    # ---- conditions and statements ---------------------------------------------------------------------------------

    def condition(self, node, context):
        children, no = node.children, None
        if node.kind == "IfStmt" and not node.of.get("isConstexpr"):
            at = bool(node.of.get("hasInit")) + bool(node.of.get("hasVar"))
            if node.of.get("hasVar"):
                self.declared_condition(children[at - 1], context)
                return
            condition = children[at]
        elif node.kind == "WhileStmt":
            condition, no = children[0], DECLARES if node.of.get("hasVar") else None
        elif node.kind == "ForStmt":
            condition = children[2]
        elif node.kind == "DoStmt":
            condition = children[1]
        elif node.kind == "ConditionalOperator":
            condition = children[0]
        else:
            return
        source = self.source(condition)
        # An equality or a `!` that is all of the condition is a site already, with the same change.
        if not self.is_here(condition) or source in ("", "true") or is_equality(condition) or source.startswith("!"):
            return
        self.add("condition", condition.begin, condition.end,
                 [("custom", "(static_cast<bool>($old) != $on)", f"{shortened(source)} is negated")], context, no)

    def declared_condition(self, declaration, context):
        """`if (const auto v = f())` becomes `if (const auto v = f(); v != chosen)`."""
        variable = next(child for child in declaration.children if child.kind == "VarDecl")
        self.add("condition", variable.begin, variable.end,
                 [("custom", f"$old; static_cast<bool>({variable.of['name']}) != $on", f"{shortened(self.source(variable))} is negated")],
                 context)

    def statement(self, node, context):
        is_condition_or_header = context.parent.kind not in BLOCKS and node is not context.parent.children[-1]
        if node.kind in KEPT_STATEMENTS or is_condition_or_header or node.kind.endswith(("Decl", "Comment")):
            return
        end = re.compile(r"\s*;").match(self.text, node.end)
        if not end or (context.parent.kind == "CaseStmt" and node is context.parent.children[0]):
            return
        no = LAST_RETURN if node.kind in RETURNS and node.children and node.begin == context.last else None
        if context.parent.kind not in BLOCKS:
            no = IN_ONE_STATEMENT
        source = self.text[node.begin:end.end()]
        self.add("statement", node.begin, end.end(), [("statement", "", f"{shortened(source)} is not done")], context, no)


def is_constant(variable):
    """Whether the compiler would evaluate the initializer before the program starts, without any mutant."""
    if variable.of.get("constexpr") or variable.of.get("storageClass") == "static" or variable.of.get("tls"):
        return True
    is_const = variable.of.get("type", {}).get("qualType", "").startswith("const ")
    return is_const and not any(node.kind in READS_SOMETHING for node in variable.within())


def is_equality(node):
    return node.kind in ("BinaryOperator", "CXXOperatorCallExpr") and node.of.get("opcode") in ("==", "!=")


def is_default_order(node):
    return node.kind == "CXXDefaultArgExpr" and "memory_order" in node.of.get("type", {}).get("qualType", "")


def shortened(text):
    text = " ".join(text.split()).replace("|", "\\|")
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


def of_files(root, files):
    """All sites of some files, in the order of the text; and how many assertions there are, whose arguments are no sites. The headers are
    read together, as that is a fraction of the work."""
    headers = [file for file in files if file.endswith(".hpp")]
    units = [headers] + [[file] for file in files if file not in headers]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        found = list(pool.map(of_unit, itertools.repeat(root), units))
    return [site for sites, _ in found for site in sites], sum(asserted for _, asserted in found)


def of_unit(root, files):
    sys.setrecursionlimit(10000)
    trees = tree.of_unit(root, "".join(f'#include "{file}"\n' for file in files))
    sites, asserted = [], 0
    for file in files:
        finder = Finder(file, (root / file).read_text())
        for top in trees:
            finder.visit(top, Context())
        sites += sorted(finder.sites.values(), key=lambda site: (site.begin, -site.end, site.kind))
        asserted += len(finder.asserted)
    return sites, asserted
