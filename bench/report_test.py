# SPDX-License-Identifier: BSL-1.0
"""The table, the document and the page, of a run that stands here."""
import html.parser
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from report import chart, figures, page, table  # noqa: E402


def repetitions(name, nanoseconds, **more):
    return [{"name": f"{name}/repeats:3", "run_type": "iteration", "items_per_second": 1e9 / n, **more} for n in nanoseconds]


FIXED = {
    "context": {
        "date": "today", "num_cpus": 2, "load_avg": [0.5],
        "contender 000": "raw\tthe work alone", "contender 001": "fast\tthis tree", "contender 002": "swift & co\t1.2",
        "contender 003": "slow\t3", "missing 000": "gone\tnot installed (Debian's libgone-dev)",
        "row 000": "post\tcallbacks\t1.300000\tns", "row 001": "memory\tmemory\t0.000000\tbytes",
        "cannot 000": "memory\tslow\tit has none", "row 002": "left out\tcallbacks\t0.000000\tns",
        "row 003": "late\ttails\t0.000000\tns", "row 004": "yield, 1 coroutine\tcoroutines\t0.000000\tns",
        "row 005": "yield, 64 coroutines\tcoroutines\t0.000000\tns",
    },
    "benchmarks": [
        *repetitions("post/raw", [10, 11, 12]), *repetitions("post/fast", [22, 20, 24], allocs=0.0),
        *repetitions("post/swift & co", [33, 33, 33]), *repetitions("post/slow", [1]),
        {"name": "post/slow/repeats:3", "run_type": "iteration", "error_occurred": True, "error_message": "callbacks <were> lost"},
        {"name": "memory/fast/iterations:1/repeats:3", "run_type": "iteration", "bytes": 208.0},
        *({"name": "late/fast/iterations:1/repeats:3", "run_type": "iteration", "p50": 5e4, "p99": p99, "p99.9": 2e6, "max": longest,
           "early": 0.0} for p99, longest in ((3e5, 4e6), (1e5, 9e6), (2e5, 3e6))),
        {"name": "late/slow/iterations:1/repeats:3", "run_type": "iteration", "p50": -5e4, "p99": 1, "p99.9": 2, "max": 3, "early": 1e5},
        *repetitions("yield, 1 coroutine/fast", [5]), *repetitions("yield, 64 coroutines/fast", [7]),
        {"name": "post/fast/repeats:3_median", "run_type": "aggregate", "items_per_second": 1.0},
    ],
}


class Figures(unittest.TestCase):
    def setUp(self):
        self.run_ = figures.read(FIXED)
        self.post = self.run_.rows[0]

    def test_medians_spreads_and_ratios(self):
        self.assertAlmostEqual(self.post.figures["fast"].median, 22)
        self.assertAlmostEqual(self.post.figures["fast"].spread, 100 / 22)
        self.assertAlmostEqual(self.post.times_raw("fast"), 2)
        self.assertEqual([row.name for row in self.run_.rows][:3], ["post", "memory", "late"])

    def test_of_a_tail_the_middle_of_each_quantile_and_the_longest_of_all(self):
        late = self.run_.rows[2]
        self.assertTrue(late.is_tail and not self.post.is_tail)
        self.assertEqual([late.figures["fast"].quantile(q) for q in figures.QUANTILES], [5e4, 2e5, 2e6, 9e6])
        self.assertIsNone(late.best_peer())  # who is early is not
        self.assertEqual(figures.as_document(self.run_)["rows"][2]["figures"]["slow"]["early"], 1e5)

    def test_a_goal_is_met_or_missed(self):
        self.assertEqual(self.post.verdict(), "missed")
        self.post.goal = 2.1
        self.assertEqual(self.post.verdict(), "met")
        self.assertEqual(self.run_.rows[1].verdict(), "")

    def test_who_failed_once_has_no_figure_and_is_not_the_best(self):
        self.assertNotIn("slow", self.post.figures)
        self.assertEqual(self.post.best_peer(), "swift & co")
        self.assertFalse(self.run_.all_well)

    def test_the_document_is_json_and_has_all(self):
        document = json.loads(json.dumps(figures.as_document(self.run_)))
        self.assertEqual(document["rows"][0]["verdict"], "missed")
        self.assertEqual(len(document["rows"][0]["figures"]["fast"]["repetitions"]), 3)
        self.assertEqual(document["missing"], {"gone": "not installed (Debian's libgone-dev)"})
        self.assertEqual(document["failures"], ["post, slow: callbacks <were> lost"])

    def test_no_result_at_all_is_not_well(self):
        self.assertFalse(figures.read({**FIXED, "benchmarks": []}).all_well)


class Table(unittest.TestCase):
    def test_it_says_figures_goal_best_peer_and_what_is_wrong(self):
        text = table.text(figures.read(FIXED))
        line = next(line for line in text.splitlines() if line.startswith("post "))
        for part in ("11.0 ±5%", "22.0 2x ±5%", "FAILED", "1.3x missed", "1.5x swift & co"):
            self.assertIn(part, line)
        self.assertIn("missing: gone: not installed (Debian's libgone-dev)", text)
        self.assertIn("cannot: memory: slow: it has none", text)
        self.assertIn("FAILED post, slow: callbacks <were> lost", text)
        self.assertIn("swift & co: 1.2", text)


    def test_tails_have_a_table_of_their_own(self):
        text = table.text(figures.read(FIXED))
        self.assertRegex(text, r"late: fast +50000 +200us +2ms +9ms\n")
        self.assertRegex(text, r"late: slow +-50000 +1.0 +2.0 +3.0 +early by 100us\n")
        self.assertNotRegex(text, r"(?m)^late ")

    def test_large_figures_have_their_unit(self):
        self.assertEqual([table.number(n, "ns") for n in (99.94, 2e4, 123456, 2.5e9)], ["99.9", "20000", "123us", "2.5s"])
        self.assertEqual(table.number(409048, "bytes"), "409kB")


class Page(unittest.TestCase):
    def setUp(self):
        self.text = page.page(figures.read(FIXED))

    def test_it_needs_nothing_else_and_is_well_formed(self):
        self.assertNotRegex(self.text, r"(src|href|url)\s*[=(]")
        opened = []

        class Check(html.parser.HTMLParser):
            def handle_starttag(self, tag, attributes):
                if tag != "meta":
                    opened.append(tag)

            def handle_endtag(self, tag):
                assert opened.pop() == tag, tag

        Check().feed(self.text)
        self.assertEqual(opened, [])

    def test_it_says_in_words_what_the_bars_show(self):
        for part in ("22 ns, 2x raw", "FAILED: callbacks &lt;were&gt; lost", "cannot: it has none", "swift &amp; co", "Missing: gone",
                     "goal 1.3x missed", "prefers-color-scheme: dark"):
            self.assertIn(part, self.text)

    def test_what_grows_is_a_curve_and_a_tail_a_line(self):
        self.assertIn('aria-label="yield, by coroutines"', self.text)
        self.assertIn("<title>fast, 64 coroutines: 7 ns</title>", self.text)
        self.assertIn('aria-label="late: percentiles"', self.text)
        self.assertIn("<title>fast, max: 9 ms</title>", self.text)
        self.assertIn("early by 100 µs", self.text)

    def test_names_do_not_overlap_and_stay_in_the_chart(self):
        places = chart.spread_out([100.0, 101.0, 260.0, 265.0, 266.0, 40.0])
        ordered = sorted(places)
        self.assertTrue(all(b - a >= chart.LINE - 1e-9 for a, b in zip(ordered, ordered[1:])))
        self.assertLessEqual(ordered[-1], chart.HEIGHT - chart.BOTTOM)
        self.assertEqual(places[5], 40.0)

    def test_a_bar_is_logarithmic(self):
        self.assertAlmostEqual(page.bar(10, 1, 100), 50)


if __name__ == "__main__":
    unittest.main()
