#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The table of mistakes (include/galley/MISTAKES.md): each of its lines is tested, with the words that it quotes, and each test has a line."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = (ROOT / "include/galley/MISTAKES.md").read_text()
REFUSED = {path.stem: path.read_text() for path in (ROOT / "tests/mistakes").glob("*.cpp")}
RUN = (ROOT / "tests/mistakes_test.cpp").read_text()
JOINS = (ROOT / "tests/join_test.cpp").read_text()


def rows(title):
    section = PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 3 and cells[2].startswith("`"):
            yield cells[1].removesuffix(" °"), cells[2].strip("`")


class MistakesPage(unittest.TestCase):
    def test_what_the_compiler_says(self):
        named = dict((name, says) for says, name in rows("By the compiler"))
        self.assertEqual(set(named), set(REFUSED))
        for name, says in named.items():
            expected = REFUSED[name].splitlines()[1].removeprefix("// says: ")
            if says != "the same":
                with self.subTest(name):
                    self.assertTrue(says.replace("(...)", "").startswith(expected[:60]), f"{says!r} is not {expected!r}")

    def test_what_is_said_at_run_time(self):
        named = [name for title in ("At run time", "In checked builds") for _, name in rows(title)]
        self.assertGreater(len(named), 10)
        for name in named:
            with self.subTest(name):
                self.assertRegex(RUN + JOINS, rf"TYPED_TEST\(\w+, {name}\)")

    def test_words_that_are_quoted_are_words_of_a_test(self):
        for says, name in list(rows("At run time")) + list(rows("In checked builds")):
            words = re.match(r"(?:std::logic_error|broken_wait, to the task): (.*)", says)
            if words:
                with self.subTest(name):
                    self.assertIn(words[1], RUN)


if __name__ == "__main__":
    unittest.main()
