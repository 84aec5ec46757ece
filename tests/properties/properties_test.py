#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Each property has its row in TABLE.md, and a mutant that fits the sources."""

import unittest

import table


class PropertiesTest(unittest.TestCase):
    def test_table_is_of_these_properties_and_mutants(self):
        self.assertEqual(table.check(), [])

    def test_no_property_stands_for_two_rules_nor_two_for_one(self):
        rules = list(table.properties().values())
        self.assertEqual(sorted(set(rules)), sorted(rules))

    def test_each_rule_has_one_mutant(self):
        self.assertEqual(sorted(mutant["rules"][0] for mutant in table.mutants()), sorted(table.properties().values()))


if __name__ == "__main__":
    unittest.main()
