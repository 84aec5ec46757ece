#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The ties between the rules and the sources: each rule of rules.md is kept by code that exists and checked by something that exists.

    rules_test.py          run the checks
    rules_test.py --table  print the table of ties: rule, files that keep it, what checks it
"""

import re
import sys
import unittest
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "spec" / "rules.md"
PROPERTIES = "tests/properties/table.cpp"
NUMBERS = {"LIFE": 7, "READY": 6, "WAIT": 5, "TIME": 9, "IO": 6, "POST": 4, "TASK": 7, "CANCEL": 7, "SYNC": 3}
ID = re.compile(r"\b(?:" + "|".join(NUMBERS) + r")-\d+")

CODE = ("include", "ref", "fast")  # what keeps rules
ALL = ("include", "ref", "fast", "spec", "tests", "fuzz", "bench", "examples")
SUFFIXES = {".hpp", ".cpp", ".py", ".md", ".txt", ".json"}

# A rule is a paragraph that begins with its number, and three items; each may go on over several lines.
RULE_LINE = re.compile(r"\*\*([A-Z]+-\d+)\.\*\* (?:\*\(exact\)\* )?\S")
ITEMS = ("Reason", "Kept by", "Checked by")
ITEM_LINE = re.compile(r"- \*(" + "|".join(ITEMS) + r"):\* \S")
TIE = re.compile(r"`([^`\s]+?)(?::([A-Za-z_]\w*))?`")


@dataclass
class Rule:
    id: str
    line: int
    text: str = ""
    items: dict = field(default_factory=dict)  # Reason, Kept by, Checked by: text

    def ties(self, item):
        """(file or `check` or `oracle`, name or "") of each tie."""
        return TIE.findall(self.items.get(item, ""))


def read_rules(text):
    """The rules in order, and what is wrong with their form: "line N: ..."."""
    rules, wrong, place = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        if match := RULE_LINE.match(line):
            rules.append(Rule(match[1], number, line))
            place = "text"
        elif line.startswith("#") or not line.strip():
            place = None
        elif begins_with_number(line):
            wrong.append(f"line {number}: begins with a rule's number, but not as `**ID-1.** text`")
        elif rules and place is not None and (match := ITEM_LINE.match(line)):
            place = match[1]
            if place in rules[-1].items:
                wrong.append(f"line {number}: a second item '{place}'")
            rules[-1].items[place] = line
        elif place == "text":
            rules[-1].text += " " + line
        elif place is not None:
            rules[-1].items[place] += " " + line.strip()
    for rule in rules:
        if tuple(rule.items) != ITEMS:
            wrong.append(f"line {rule.line}: {rule.id} must have the items {', '.join(ITEMS)}, in this order; it has "
                         + (", ".join(rule.items) or "none"))
    return rules, wrong


def begins_with_number(line):
    """As `galley rules` decides where a rule begins."""
    return ID.match(line.lstrip("#*-|> `")) is not None


@cache
def source(path):
    return (ROOT / path).read_text(encoding="utf-8")


def files(folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "__pycache__" not in path.parts and path != RULES:
                yield str(path.relative_to(ROOT))


def cited(folders):
    """rule: the files that cite it."""
    found = {}
    for path in files(folders):
        for number in set(ID.findall(source(path))):
            found.setdefault(number, []).append(path)
    return found


def predicates():
    """(rule, name) of the rule checker's predicates."""
    return set(re.findall(r'^ +\{"([A-Z]+-\d+)", "(\w+)", [pl],', source("spec/scenario/check/check_predicates.cpp"), re.M))


def properties():
    """(rule, name) of the properties that are in a table."""
    return set(re.findall(r'\{"([A-Z]+-\d+)",\s*"(\w+)",', source(PROPERTIES)))


def complaint(rule, file, name):
    """What is wrong with a tie, or None."""
    if file == "check":
        return None if (rule.id, name) in predicates() else f"the checker has no predicate {name} of {rule.id}"
    if file == "oracle":
        return None if re.search(rf"^    def {name}\(", source("spec/scenario/oracle.py"), re.M) else f"the oracle has no function {name}"
    if not (ROOT / file).is_file():
        return f"there is no file {file}"
    if file == PROPERTIES:
        return None if (rule.id, name) in properties() else f"{file} has no property {name} of {rule.id}"
    if file.startswith("tests/") and not re.search(rf"(?:TEST\w*|RC_GTEST_PROP)\((?:\w+,\s*)?{name}\b", source(file)):
        return f"{file} has no test case or suite {name}"
    if not name or not re.search(rf"\b{name}\b", source(file)):
        return f"{file} has no {name or 'name given'}"
    return None


class RulesTest(unittest.TestCase):
    def setUp(self):
        self.rules, self.wrong = read_rules(RULES.read_text(encoding="utf-8"))

    def test_form(self):
        self.assertEqual(self.wrong, [])

    def test_all_rules_are_there_in_order(self):
        expected = [f"{family}-{n}" for family, count in NUMBERS.items() for n in range(1, count + 1)]
        self.assertEqual([rule.id for rule in self.rules], expected)

    def test_every_number_that_is_cited_exists(self):
        known = {rule.id for rule in self.rules}
        unknown = {number: where for number, where in cited(ALL).items() if number not in known}
        self.assertEqual(unknown, {})
        self.assertEqual(set(ID.findall(source("spec/rules.md"))) - known, set())

    def test_every_rule_is_cited_by_code(self):
        by_code = cited(CODE)
        self.assertEqual([rule.id for rule in self.rules if rule.id not in by_code], [])

    def test_every_tie_exists(self):
        for rule in self.rules:
            for item in ITEMS[1:]:
                for file, name in rule.ties(item):
                    with self.subTest(rule=rule.id, tie=f"{file}:{name}"):
                        self.assertIsNone(complaint(rule, file, name))

    def test_every_rule_is_kept_and_checked(self):
        for rule in self.rules:
            with self.subTest(rule=rule.id):
                keepers = {file for file, _ in rule.ties("Kept by")}
                self.assertTrue(any(file.startswith(CODE) for file in keepers), "no code keeps it")
                checkers = {file for file, _ in rule.ties("Checked by")}
                self.assertTrue(checkers, "nothing checks it")
                allowed = ("tests/", "spec/scenario/oracle_test.py")
                odd = {file for file in checkers if file not in ("check", "oracle") and not file.startswith(allowed)}
                self.assertEqual(odd, set(), "only tests, the checker and the oracle check rules")

    def test_every_predicate_is_tied(self):
        tied = {(rule.id, name) for rule in self.rules for file, name in rule.ties("Checked by") if file == "check"}
        self.assertEqual(predicates() - tied - {p for p in predicates() if p[0] in ("TRACE", "BOXES")}, set())

    def test_every_property_is_tied(self):
        tied = {(rule.id, name) for rule in self.rules for file, name in rule.ties("Checked by") if file == PROPERTIES}
        self.assertNotEqual(properties(), set())
        self.assertEqual(properties() - tied, set())


def print_table():
    by_code = cited(CODE)
    for rule in read_rules(RULES.read_text(encoding="utf-8"))[0]:
        checks = [f"{file}:{name}".replace("spec/scenario/", "") for file, name in rule.ties("Checked by")]
        print(f"{rule.id:<9} cited by {', '.join(by_code.get(rule.id, ['nothing']))}\n          checked by {', '.join(checks)}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        print_table()
    else:
        unittest.main()
