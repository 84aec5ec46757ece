# SPDX-License-Identifier: BSL-1.0
"""Comments are laid out by hand, and stay so: no formatter joins their lists and tables (ReflowComments is false). What it did
when it was true left marks that are easy to see, and this looks for them."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["include", "ref", "fast", "spec", "fuzz", "tests", "bench", "examples"]
WIDTH = 120

COMMENT = re.compile(r"^\s*///? ?(?P<text>.*)$")
ITEM = re.compile(r"^ *\d+\. ")
LABEL = re.compile(r"\S +(Purpose|Thread safety|Invariants|Complexity|Rules):")  # each begins a line of its own
LINE = re.compile(r"-{10,}$")  # what ends a section's heading, on the same line
LONELY = re.compile(r"[^\s:;]+$")  # a last line of one word, which is not a label or code
FULL = 95  # a line of so many characters was broken for want of room


def faults(lines):
    """What is wrong with the comments of a file, as (line number, what)."""
    item_indent = None  # of the numbered item that the line before belongs to
    yield from lonely_words(lines)
    for number, line in enumerate(lines, 1):
        comment = COMMENT.match(line)
        if not comment:
            item_indent = None
            continue
        text = comment["text"]
        indent = len(text) - len(text.lstrip())
        if len(line) > WIDTH:
            yield number, f"longer than {WIDTH} characters"
        if LABEL.search(text):
            yield number, "a label of the header stands in the middle of a line"
        if LINE.match(text):
            yield number, "the line of a section stands below its heading"
        if ITEM.match(text):
            item_indent = indent
        elif item_indent is not None and indent == item_indent and indent > 0:
            yield number, "the rest of a numbered item stands under its number"
        elif item_indent is not None and indent <= item_indent:
            item_indent = None


def lonely_words(lines):
    """A paragraph whose last line is a single word: the line before can spare it some."""
    texts = [comment["text"] if (comment := COMMENT.match(line)) else "" for line in [*lines, ""]]
    for number in range(1, len(lines)):
        if LONELY.match(texts[number]) and len(lines[number - 1]) >= FULL and texts[number - 1] and not texts[number + 1]:
            yield number + 1, "a last line of one word"


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.[hc]pp")):
            yield path


class Comments(unittest.TestCase):
    def test_lists_and_labels_are_whole(self):
        found = [f"{path.relative_to(ROOT)}:{number}: {what}"
                 for path in sources() for number, what in faults(path.read_text().splitlines())]
        self.assertEqual(found, [])

    def test_a_joined_list_is_seen(self):
        joined = ["// Invariants:", "//  1. Nodes are linked from the newest, and", "//  nothing is read through it.",
                  "// Complexity: O(1). Rules: POST-1."]
        self.assertEqual([number for number, _ in faults(joined)], [3, 4])

    def test_a_heading_that_lost_its_line_is_seen(self):
        self.assertEqual([number for number, _ in faults(["// ---- the tree", "// " + "-" * 40])], [2])
        self.assertEqual(list(faults(["// ---- the tree " + "-" * 40])), [])

    def test_a_whole_list_is_not(self):
        whole = ["// Invariants:", "//  1. Nodes are linked from the newest, and", "//     nothing is read through it.",
                 "//  2. So they are.", "// Complexity: O(1).", "// Rules: POST-1."]
        self.assertEqual(list(faults(whole)), [])

    def test_a_lonely_word_is_seen(self):
        full = "// " + "word " * 20 + "and"
        self.assertEqual([number for number, _ in faults([full, "// last.", "int x;", full, "// the last one."])], [2])

    def test_the_formatter_leaves_them_alone(self):
        self.assertIn("\nReflowComments: false\n", (ROOT / ".clang-format").read_text())


if __name__ == "__main__":
    unittest.main()
