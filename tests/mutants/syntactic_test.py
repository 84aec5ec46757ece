# SPDX-License-Identifier: BSL-1.0
"""The sites that are found, what they may become, how they are sampled and told apart: on a source that has one of each."""

import pathlib
import sys
import tempfile
import tomllib
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "syntactic")]

import entries  # noqa: E402
import operators  # noqa: E402
import plant  # noqa: E402
import sample  # noqa: E402
import sites  # noqa: E402

SOURCE = """\
#include <atomic>
#include <cassert>
#include <cerrno>
#include <optional>
namespace galley {
constexpr int limit = 7;
template <int N = 3>
struct box {
    static_assert(N < 100);
    int put(int n) {
        count += n;  // a comment
        if (count > limit || errno == EINTR) {
            return -1;
        }
        return count;
    }
    int count{0};
};
template struct box<4>;
template <class Word>
struct flag {
    void set() { word.exchange(true); }
    Word word;
};
template <class Other>
void set_other(Other& other) {
    other.exchange(true);
}
inline void set_both(flag<std::atomic<int>>& f) {
    f.set();
    set_other(f.word);
}
inline bool told(std::atomic<int>& word, int* p, std::optional<int> o) {
    assert(p != nullptr && *p < 5);
    if (const auto v = o) {
        ++*p;
    }
    while (int* const q = p) {
        break;
    }
    if constexpr (limit == 7) {
        word.exchange(true);
    }
    word.store(2, std::memory_order_release);
    return p == nullptr || o != std::nullopt;
}
}  // namespace galley
"""


class Sites(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        (pathlib.Path(cls.folder.name) / "a.hpp").write_text(SOURCE)
        cls.sites, cls.assertions = sites.of_unit(pathlib.Path(cls.folder.name), ["a.hpp"])

    def of(self, kind):
        return [([what.replace("`", "") for _, _, what in site.choices], site.no) for site in self.sites if site.kind == kind]

    def test_operators(self):
        self.assertEqual(self.of("relational"), [
            (["N < 100 becomes N <= 100", "N < 100 becomes N >= 100"], sites.CONSTANT),
            (["count > limit becomes count >= limit", "count > limit becomes count <= limit"], None),
            (["errno == EINTR becomes errno != EINTR"], None),
            (["limit == 7 becomes limit != 7"], sites.CONSTANT),
            (["p == nullptr becomes p != nullptr"], None),
            (["o != std::nullopt becomes o == std::nullopt"], None)])
        self.assertEqual([what for what, _ in self.of("assignment")], [["count += n becomes count -= n"]])
        self.assertEqual([what for what, _ in self.of("increment")], [["++*p becomes --*p"]])
        self.assertEqual([what for what, _ in self.of("arithmetic")], [["-1 becomes +1"]])
        self.assertEqual(len(self.of("logical")), 2)

    def test_constants_and_guards(self):
        self.assertEqual(self.of("constant"), [
            (["7 becomes 8"], sites.CONSTANT), (["3 becomes 4"], sites.CONSTANT), (["100 becomes 101"], sites.CONSTANT),
            (["1 becomes 0", "1 becomes 2"], None), (["0 becomes 1"], None), (["true becomes false"], None), (["true becomes false"], None),
            (["7 becomes 8"], sites.CONSTANT),
            (["true becomes false"], None), (["2 becomes 3"], None)])
        self.assertEqual(self.of("null guard"), [(["p == nullptr becomes false"], None)])

    def test_conditions(self):
        self.assertEqual(self.of("condition"), [
            (["count > limit \\|\\| errno == EINTR is negated"], None),
            (["const auto v = o is negated"], None),
            (["int* const q = p is negated"], sites.DECLARES)])

    def test_statements(self):
        self.assertEqual([(what[0].removesuffix(" is not done"), no) for what, no in self.of("statement")], [
            ("count += n;", None), ("return -1;", None), ("return count;", sites.LAST_RETURN),
            ("word.exchange(true);", None), ("other.exchange(true);", None), ("f.set();", None),
            ("set_other(f.word);", None), ("++*p;", None), ("break;", None), ("word.exchange(true);", None), ("word.store(2, std::memory_order_release);", None),
            ("return p == nullptr \\|\\| o != std::nullopt;", sites.LAST_RETURN)])

    def test_memory_orders(self):
        """Of what templates become there are none: they are sites once, as they are written."""
        self.assertEqual([what for what, _ in self.of("order")], [
            ["word.exchange(true) becomes word.exchange(true, std::memory_order_acq_rel)"],
            ["std::memory_order_release becomes std::memory_order_relaxed"]])
        self.assertEqual(operators.weaker_orders("std::memory_order_seq_cst", "load"), ["std::memory_order_acquire"])
        self.assertEqual(operators.weaker_orders("std::memory_order_acq_rel", "exchange"),
                         ["std::memory_order_acquire", "std::memory_order_release"])
        self.assertEqual(operators.weaker_orders("std::memory_order_relaxed", "load"), [])

    def test_what_is_asserted_is_no_site(self):
        self.assertEqual(self.assertions, 1)
        self.assertFalse([site for site in self.sites if "*p < 5" in str(site.choices)])

    def test_the_sample_is_of_what_can_be_planted_and_does_not_move_with_the_code(self):
        ranks = sample.ranked(self.sites)
        self.assertEqual(len(ranks), sum(site.no is None for site in self.sites))
        self.assertEqual(len({key for key, _ in ranks}), len(ranks))
        (pathlib.Path(self.folder.name) / "a.hpp").write_text(SOURCE.replace("    int put(", "    // more\n\n    int put("))
        moved = sample.ranked(sites.of_unit(pathlib.Path(self.folder.name), ["a.hpp"])[0])
        self.assertEqual([key for key, _ in moved], [key for key, _ in ranks])

    def test_every_change_of_every_site_can_be_planted(self):
        for site in self.sites:
            for choice in site.choices:
                entry = entries.entry_of(site, choice, SOURCE, "m", "k")
                plant.check(entry)
                self.assertNotEqual(plant.plant("a.hpp", [("m", entry["edit"][0])], SOURCE), SOURCE)
                self.assertEqual(plant.find("m", entry["edit"][0], SOURCE), (site.begin, site.end))
                self.assertEqual(tomllib.loads(entries.written([entry], "# a"))["mutant"], [entry])


if __name__ == "__main__":
    unittest.main()
