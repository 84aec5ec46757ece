# SPDX-License-Identifier: BSL-1.0
"""The text of ../LEDGER.md, from the rules, their ties, and what these have caught."""

import re
import sys
import tomllib
from functools import cache

from ledger import evidence
from ledger.rules import ROOT, all_rules, source

HERE = ROOT / "spec" / "ledger"
LEDGER = ROOT / "spec" / "LEDGER.md"
sys.path.insert(0, str(ROOT / "tests" / "mutants"))
import plant  # noqa: E402
import table  # noqa: E402

COLUMNS = ("model", "proof", "property", "test", "checker", "oracle")
TRACES = COLUMNS.index("oracle")  # beside the checker's: which of its predicates refuse a broken trace
HEADINGS = (*COLUMNS[:TRACES], "traces", *COLUMNS[TRACES:])

HEAD = """\
# Ledger: what is known of each rule, and what is not

Written by `spec/ledger/write`; do not edit. `./dev test` fails if it is not what the sources say, if a tie counts for nothing
and no reason is given, or if a rule does not say what is left unproved. [How to read it, and what counts](ledger/README.md).

A number is how many ties of that kind have caught a fault that breaks the rule, of how many there are. *mutants*: how many
faults of this rule are planted in the code; all of them are noticed. *traces*: how many predicates of the checker refuse traces that
were broken by hand, which no fault of galley's need bring about. *programs*: how many of the {programs:,} small programs that
`./dev test` exhausts, before all judges, the rule has a say in. *seeds*: the same of the {seeds} seeds of the differential fuzzer.
"""


@cache
def unproved():
    with open(HERE / "unproved.toml", "rb") as file:
        return tomllib.load(file)


def idle_reasons():
    """(rule, tie): why it may count for nothing."""
    return {(rule, tie): reason for rule, ties in unproved().get("idle", {}).items() for tie, reason in ties.items()}


@cache
def mutants_of_rules():
    found = {}
    for mutant in plant.load([*table.catalogues(), ROOT / "tests" / "mutants" / "rules.toml"])[0]:
        for rule in mutant.get("rules", []):
            found.setdefault(rule, []).append(mutant["id"])
    return found


@cache
def unproperties():
    """The rules without a property, with the reason."""
    reasons = {}
    for file, begin in (("spec/stage/check/occasions.cpp", "> beyond{{"), ("tests/properties/table.cpp", "rules_without_property()")):
        body = source(file)[source(file).index(begin):]
        for rule, literals in re.findall(r'\{"([A-Z]+-\d+)",\s*((?:"[^"]*"\s*)+)\}', body[:body.index("}};")]):
            reasons[rule] = "".join(re.findall(r'"([^"]*)"', literals))
    return reasons


def exhausted(rule):
    """(programs, alphabets) in which the rule has a say."""
    found = {name: each["of"][rule] for name, each in evidence.seen()["exhausted"].items() if each["of"].get(rule)}
    return sum(found.values()), found


def link(file, name):
    return f"[`{name}`](../{file})"


def caught(tie):
    if tie.kind == "of the oracle":
        return "examines the oracle"
    words = [f"catches {', '.join(f'`{fault}`' if tie.kind != 'proof' else fault for fault in tie.caught)}"] if tie.caught else []
    if tie.refused:
        words.append(f"refuses {tie.refused} broken trace{'s' if tie.refused > 1 else ''}")
    return "; ".join(words) or "**counts for nothing**"


def tie_line(tie):
    if tie.file in ("check", "oracle"):
        return f"`{tie.text}` ({caught(tie)})"
    return f"{link(tie.file, tie.name)} ({caught(tie)})"


def of_all(ties, has):
    return f"{sum(map(bool, map(has, ties)))} of {len(ties)}" if ties else ""


def summary_row(rule, ties):
    cells = [of_all([tie for tie in ties if tie.kind == kind], lambda tie: tie.caught) for kind in COLUMNS]
    cells.insert(TRACES, of_all([tie for tie in ties if tie.kind == "checker"], lambda tie: tie.refused))
    programs, _ = exhausted(rule.id)
    seeds = evidence.seen()["vectors"]["of"].get(rule.id)
    mutants = len(mutants_of_rules().get(rule.id, []))
    return f"| [{rule.id}](#{rule.id.lower()}) | " + " | ".join(cells) + f" | {mutants or ''} | {f'{programs:,}' if programs else ''} | {seeds or ''} |"


def plain_table():
    """The table and the last words of each rule, for a terminal."""
    rows = [("rule", *HEADINGS, "mutants", "programs", "seeds")]
    rows += [[cell.strip() for cell in re.sub(r"\[(\S+)\]\(\S+\)", r"\1", summary_row(rule, evidence.ties_of(rule))).split("|")[1:-1]] for rule in all_rules()]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines += ["", "not proved:"] + [f"{rule.id:9} {unproved()['unproved'][rule.id]}" for rule in all_rules()]
    return "\n".join(lines)


def first_sentence(text):
    sentence = re.match(r".*?[.:](?= |$)", text)[0]
    return sentence.rstrip(":.").replace("*", "")


def entry(rule, ties):
    lines = [f"### {rule.id}", "", f"{first_sentence(rule.text)}. ([whole](rules.md))", ""]
    keepers = rule.ties("Kept by")
    ours = [link(file, name) for file, name in keepers if file.startswith("ref/")]
    others = [link(file, name) for file, name in keepers if not file.startswith("ref/")]
    lines.append("- *In ref:* " + (", ".join(ours) or "nowhere: the layers around it keep it") + ("; *elsewhere:* " + ", ".join(others) if others else ""))
    for kind in evidence.KINDS:
        those = [tie for tie in ties if tie.kind == kind]
        if those:
            lines.append(f"- *{kind.capitalize()}:* " + "; ".join(map(tie_line, those)))
    programs, alphabets = exhausted(rule.id)
    if programs:
        lines.append(f"- *Exhausted:* {programs:,} programs in which it has a say; alphabets " +
                     ", ".join(f"{name} ({count:,})" for name, count in alphabets.items()))
    mutants = mutants_of_rules().get(rule.id, [])
    if mutants:
        lines.append("- *Mutants, all noticed:* " + ", ".join(f"`{mutant}`" for mutant in mutants))
    if rule.id in unproperties() and not any(tie.kind == "property" for tie in ties):
        lines.append(f"- *No property:* {unproperties()[rule.id]}.")
    idle = [(tie.text, reason) for tie in ties if (reason := idle_reasons().get((rule.id, tie.text)))]
    lines += [f"- *`{text}` counts for nothing:* {reason}" for text, reason in idle]
    lines += [f"- **Not proved:** {unproved()['unproved'][rule.id]}", ""]
    return lines


def counts_of(rules):
    """Of ties; the oracle's own tests are none."""
    ties = [tie for rule in rules for tie in evidence.ties_of(rule) if tie.kind != "of the oracle"]
    return len(rules), len(ties), sum(bool(tie.caught) for tie in ties), sum(tie.counts and not tie.caught for tie in ties)


def text():
    rules = all_rules()
    found = evidence.seen()
    number, ties, caught_some, refused_some = counts_of(rules)
    lines = [HEAD.format(programs=sum(each["programs"] for each in found["exhausted"].values()), seeds=found["vectors"]["cases"]),
             f"{number} rules, {ties} ties. {caught_some} have caught a fault of galley or of its models; {refused_some} more, predicates of the "
             "rule checker, refuse",
             "broken traces only. Only the timer wheel's arithmetic is proved; models and exhaustion are complete within their bounds, tests",
             "and fuzzing are samples. What is not proved stands with each rule.", "",
             "| rule | " + " | ".join(HEADINGS) + " | mutants | programs | seeds |",
             "|---|" + "---|" * (len(HEADINGS) + 3)]
    lines += [summary_row(rule, evidence.ties_of(rule)) for rule in rules]
    lines += ["", "## Rule by rule", ""]
    for rule in rules:
        lines += entry(rule, evidence.ties_of(rule))
    return "\n".join(lines).rstrip() + "\n"


def complaints():
    """What keeps the ledger from being one."""
    rules = all_rules()
    said, excused = unproved()["unproved"], idle_reasons()
    ties = {(rule.id, tie.text): tie for rule in rules for tie in evidence.ties_of(rule) if tie.kind != "of the oracle"}
    for rule in rules:
        if not any(tie.counts for (its, _), tie in ties.items() if its == rule.id):
            yield f"{rule.id}: no tie has caught a fault of it"
        if rule.id not in said:
            yield f"{rule.id}: unproved.toml does not say what is not proved"
    for (rule, text), tie in ties.items():
        if not tie.counts and (rule, text) not in excused:
            yield f"{rule}: {text} counts for nothing, and unproved.toml does not say why"
        if tie.counts and (rule, text) in excused:
            yield f"{rule}: unproved.toml says why {text} counts for nothing, but it counts"
    for name in evidence.predicates():
        if not evidence.refused()[name]:
            yield f"check:{name}: no broken trace in {evidence.BROKEN_TRACES} shows that it works"
    yield from (f"{rule}: unproved.toml speaks of {text}, which is no tie" for rule, text in excused if (rule, text) not in ties)
    known = {rule.id for rule in rules}
    yield from (f"{name}: unproved.toml speaks of it, and there is no such rule" for name in said if name not in known)
