# SPDX-License-Identifier: BSL-1.0
"""The argued gaps fit the sources, the committed table lists them, and the machinery counts what it says. Nothing is built."""

import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import gaps  # noqa: E402
import measure  # noqa: E402
import table  # noqa: E402


class TheGaps(unittest.TestCase):
    def test_fit_the_sources(self):
        gaps.load(ROOT)

    def test_are_what_the_table_lists(self):
        self.assertEqual(table.listed(table.PATH.read_text()), [table.gap_row(gap) for gap in gaps.load(ROOT)],
                         f"{table.PATH.name} is not of these gaps: {table.COMMAND}")


SOURCE = """\
int f(bool a, bool b) {
    if (a && b) {
        return 1;
    }
    try { g(); } catch (...) { return 2; }
    switch (a) {
        case true: return 3;
    }
    return a ? 4 : 5;
}
"""


def place(text, line, begin=0):
    column = SOURCE.splitlines()[line - 1].index(text, begin) + 1
    return [line, column, line, column + len(text)]


def exported(name, count, branches, decided, handler):
    """As llvm-cov writes it. `branches`: (place, true, false)."""
    regions = [[1, 23, 10, 2, count, 0, 0, 0], [*place("{ return 2; }", 5), handler, 0, 0, 0]]
    return {"name": name, "count": count, "filenames": ["/root/ref/f.cpp"], "regions": regions,
            "branches": [[*where, yes, no, 0, 0, 6 if where[0] == 2 else 4] for where, yes, no in branches],
            "mcdc_records": [[*place("a && b", 2), 0, 5, decided]]}


A, B, LABEL, SWITCH, LAST = place("a", 2), place("b", 2), place("case true", 7), place("a", 6), place("a", 9, 10)


class Measuring(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "ref").mkdir()
        (self.root / "ref" / "f.cpp").write_text(SOURCE)

    def measured(self, *functions, segments=()):
        file = str(self.root / "ref" / "f.cpp")
        for function in functions:
            function["filenames"] = [file]
        other = {"filename": "/usr/include/vector", "segments": []}
        export = {"data": [{"files": [{"filename": file, "segments": list(segments)}, other], "functions": list(functions)}]}
        files = measure.measure(export, self.root, ("ref/",))
        self.assertEqual(list(files), ["ref/f.cpp"])
        return files

    def some(self):
        """Two instantiations, of which one has `a` true and the other false."""
        return self.measured(exported("f<1>", 1, [(A, 1, 0), (B, 0, 1), (LABEL, 1, 0), (SWITCH, 0, 1), (LAST, 0, 0)], [False, True], 0),
                             exported("f<2>", 1, [(A, 0, 1), (B, 0, 0), (LABEL, 0, 0), (SWITCH, 0, 0), (LAST, 0, 1)], [False, False], 0))

    def test_instantiations_count_together(self):
        file = self.some()["ref/f.cpp"]
        self.assertEqual(file.missed(), [(tuple(B), "true"), (tuple(place("{ return 2; }", 5)), "entered"),
                                         (tuple(LABEL), "false"), (tuple(LAST), "true")])
        self.assertEqual(file.undecided(), [(tuple(place("a && b", 2)), tuple(A))])
        self.assertEqual(table.figures(file), [(0, 0), (1, 2), (5, 8), (1, 2)])

    def test_a_function_that_was_never_entered_is_a_gap(self):
        file = self.measured(exported("f", 0, [], [], 0) | {"mcdc_records": []})["ref/f.cpp"]
        self.assertIn("ref/f.cpp:1: never entered: int f(bool a, bool b)",
                      [gaps.describe("ref/f.cpp", file, *each) for each in file.missed()])

    def test_lines(self):
        # f was run up to the return in line 3; line 4 is a mere gap.
        segments = [[1, 23, 1, True, True, False], [2, 17, 0, True, True, False], [4, 6, 1, True, False, True],
                    [5, 5, 1, True, True, False], [10, 2, 0, False, False, False]]
        lines = self.measured(segments=segments)["ref/f.cpp"].lines
        self.assertEqual(lines, {number: number not in (3, 4) for number in range(1, 11)})

    def gap(self, text, never, **more):
        return gaps.gap_of({"file": "ref/f.cpp", "text": text, "never": never, "why": "so", **more}, self.root)

    def argued(self):
        return [self.gap("b", "true", **{"in": "b) {\n        return 1"}), self.gap("catch (...)", "entered"),
                self.gap("case true", "false"), self.gap("a", "true", **{"in": "a ? 4"})]

    def test_gaps_that_are_argued_are_no_fault(self):
        self.assertEqual(gaps.judge(self.argued(), self.some(), ("ref/",)), [])
        self.assertEqual(gaps.judge([], self.some(), ("fast/",)), [])

    def test_a_gap_that_is_not_argued_is_a_fault_that_names_it(self):
        self.assertEqual(gaps.judge(self.argued()[:3], self.some(), ("ref/",)),
                         ["ref/f.cpp:9: never true: a: neither covered nor argued"])

    def test_an_argument_for_what_is_covered_is_a_fault(self):
        stale = self.gap("a", "false", **{"in": "a ? 4"})
        self.assertEqual(gaps.judge([*self.argued(), stale], self.some(), ("ref/",)),
                         ["ref/f.cpp: never false: a: argued in gaps.toml, but it is covered, or no such place"])
        other_place = self.gap("a ? 4 : 5", "true")
        self.assertEqual(len(gaps.judge([*self.argued(), other_place], self.some(), ("ref/",))), 1)

    def test_chance_does_not_count(self):
        by_chance = self.gap("a", "false", by_chance=True, **{"in": "a ? 4"})
        files = self.some()
        gaps.leave_to_chance([by_chance], files)
        self.assertIn((tuple(LAST), "false"), files["ref/f.cpp"].missed())
        self.assertEqual(gaps.judge([*self.argued(), by_chance], files, ("ref/",)), [])

    def test_a_text_that_is_gone_or_ambiguous_is_an_error_that_names_it(self):
        for text in ("nowhere", "a", ""):
            with self.assertRaises(gaps.GapError) as refused:
                self.gap(text, "true")
            self.assertIn(f"in ref/f.cpp, not once: {text!r}", str(refused.exception))

    def test_an_entry_that_is_malformed_is_refused(self):
        for bad in ({"never": "sometimes"}, {"why": " "}, {"oops": 1}, {"file": "ref/g.cpp"}):
            with self.assertRaises(gaps.GapError):
                gaps.gap_of({"file": "ref/f.cpp", "text": "b) {", "never": "true", "why": "so"} | bad, self.root)

    def test_the_table_lists_what_it_was_given(self):
        argued = [*self.argued(), self.gap("if (a && b)", "true")]
        text = table.text_of(self.some(), argued, ("ref/",))
        self.assertEqual(table.listed(text), [table.gap_row(gap) for gap in argued])
        self.assertIn("| ref/f.cpp |  | 1/2 | 5/8 | 1/2 |", text)
        self.assertIn("| ref/f.cpp | `a` | `a && b` |", text)


if __name__ == "__main__":
    unittest.main()
