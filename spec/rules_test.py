#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The ties between the rules and the sources: by ties.md, each rule is kept by code that exists and checked by something that exists.
Whether a check would notice is the ledger's business (ledger/README.md).
"""

import re
import unittest

from ledger.rules import ID, NUMBERS, REASON, ROOT, RULES, TIED, TIES, all_rules, read, source

PROPERTIES = "tests/properties/table.cpp"
CODE = ("include", "ref", "fast")  # what keeps rules
CHECKS = ("tests/", "spec/model/", "spec/proofs/", "spec/scenario/oracle_test.py")  # what checks them, beside checker and oracle
ALL = ("include", "ref", "fast", "spec", "tests", "fuzz", "bench", "examples")
SUFFIXES = {".hpp", ".cpp", ".py", ".pml", ".toml", ".md", ".txt", ".json"}


def files(folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "__pycache__" not in path.parts and path not in (RULES, TIES):
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
    return set(re.findall(r'^ +\{"([A-Z]+-\d+)", "(\w+)", [pl],', source("spec/stage/check/check_predicates.cpp"), re.M))


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
        self.rules = all_rules()

    def test_all_are_there_in_order_and_in_form(self):
        expected = [f"{family}-{n}" for family, count in NUMBERS.items() for n in range(1, count + 1)]
        for page, items in (RULES, REASON), (TIES, TIED):
            with self.subTest(page.name):
                rules, wrong = read(source(page), items)
                self.assertEqual(wrong, [])
                self.assertEqual([rule.id for rule in rules], expected)
                self.assertEqual([rule.id for rule in rules if bool(rule.text) != (page == RULES)], [])

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
            for item in TIED:
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
                odd = {file for file in checkers if file not in ("check", "oracle") and not file.startswith(CHECKS)}
                self.assertEqual(odd, set(), "only tests, models, proofs, the checker and the oracle check rules")

    def test_every_predicate_is_tied(self):
        tied = {(rule.id, name) for rule in self.rules for file, name in rule.ties("Checked by") if file == "check"}
        self.assertEqual(predicates() - tied - {p for p in predicates() if p[0] in ("TRACE", "BOXES")}, set())

    def test_every_property_is_tied(self):
        tied = {(rule.id, name) for rule in self.rules for file, name in rule.ties("Checked by") if file == PROPERTIES}
        self.assertNotEqual(properties(), set())
        self.assertEqual(properties() - tied, set())


if __name__ == "__main__":
    unittest.main()
