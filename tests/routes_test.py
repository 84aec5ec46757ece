#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The page of routes through the sources, fast/ROUTES.md, leads to places that exist."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "fast" / "ROUTES.md"
ROUTE = re.compile(r"^## [^\n]*: (\d+) files\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"`([\w/]+\.[ch]pp):(\w+)`")


class Routes(unittest.TestCase):
    def setUp(self):
        self.routes = [(int(files), PLACE.findall(text)) for files, text in ROUTE.findall(PAGE.read_text())]

    def test_are_there(self):
        self.assertEqual(len(self.routes), PAGE.read_text().count("\n## "))
        self.assertGreaterEqual(len(self.routes), 4)

    def test_lead_to_places_that_exist(self):
        for file, name in {place for _, places in self.routes for place in places}:
            with self.subTest(f"{file}:{name}"):
                self.assertRegex((ROOT / file).read_text(), rf"\b{name}\b")

    def test_pass_as_many_files_as_they_say(self):
        self.assertEqual([files for files, _ in self.routes], [len({file for file, _ in places}) for _, places in self.routes])


if __name__ == "__main__":
    unittest.main()
