#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The ledger is what the sources say, and its ties are to what speaks of their rules."""

import unittest

from ledger import evidence, page
from ledger.rules import all_rules


class LedgerTest(unittest.TestCase):
    def test_every_tie_counts_or_has_a_reason(self):
        self.assertEqual(list(page.complaints()), [])

    def test_models_and_proofs_state_the_rules_that_are_tied_to_them(self):
        self.assertEqual(list(evidence.misnamed()), [])

    def test_what_models_and_proofs_state_is_tied(self):
        self.assertEqual(list(evidence.untied_statements()), [])

    def test_what_was_seen_is_of_ties_and_mutants_that_exist(self):
        ties = {rule.id: {tie.file if tie.kind == "oracle" else tie.text for tie in evidence.ties_of(rule)} for rule in all_rules()}
        mutants = page.mutants_of_rules()
        for rule, those in evidence.seen()["caught"].items():
            for tie, caught in those.items():
                self.assertIn(tie, ties[rule], f"seen.json is of other ties: spec/ledger/gather ({rule})")
                self.assertLessEqual(set(caught), set(mutants[rule]), f"seen.json is of other mutants: spec/ledger/gather ({rule}, {tie})")

    def test_ledger_is_what_the_sources_say(self):
        self.assertEqual(page.LEDGER.read_text(), page.text(), "spec/ledger/write")


if __name__ == "__main__":
    unittest.main()
