# SPDX-License-Identifier: BSL-1.0
"""The catalogue fits the sources, the committed table lists the catalogue, and the machinery does what it says."""

import contextlib
import io
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE / "syntactic")]

import building  # noqa: E402
import compiles  # noqa: E402
import first_shot  # noqa: E402
import judging  # noqa: E402
import plant  # noqa: E402
import suites  # noqa: E402
import syntactic_table  # noqa: E402
import table  # noqa: E402


class TheCatalogue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mutants, cls.unexpressed = plant.load(table.catalogues())

    def test_fits_the_sources(self):
        self.assertTrue(plant.planted_files(self.mutants, ROOT))

    def test_names_suites_rules_and_faults_that_exist(self):
        suite_names = set(building.all_suites())
        rules = set(re.findall(r"^\*\*([A-Z]+-\d+)\.\*\*", (ROOT / "spec" / "rules.md").read_text(), re.MULTILINE))
        for mutant in self.mutants:
            with self.subTest(mutant["id"]):
                self.assertIn(mutant["killed_by"], suite_names)
                self.assertLessEqual(set(mutant.get("rules", [])), rules)
                self.assertIn(mutant.get("fault"), [None, *table.faults()])

    def test_every_fault_is_a_mutant_or_says_why_not(self):
        expressed = {mutant.get("fault") for mutant in self.mutants}
        self.assertTrue(table.faults())
        for fault in table.faults():
            reasons = [u["why"] for u in self.unexpressed if u["fault"] == fault]
            self.assertEqual(len(reasons), 0 if fault in expressed else 1, f"{fault}: a mutant, or else one reason")

    def test_is_what_the_table_lists(self):
        self.assertNotIn(table.SURVIVED, table.PATH.read_text(), "a survivor is a hole to close, not a row to commit")
        self.assertEqual(table.listed(table.PATH.read_text()), [mutant["id"] for mutant in self.mutants],
                         f"{table.PATH.name} is not of this catalogue: {table.COMMAND}")


class TheFirstShots(unittest.TestCase):
    def test_leave_no_survivor_without_an_end(self):
        self.assertEqual(first_shot.without_end(), [], f"{first_shot.PATH.name}: what became of these?")

    def test_notice_a_survivor_without_an_end(self):
        dead, alive = ({"id": f"S-{name}", "what": "`a | b` is not done"} for name in ("dead", "alive"))
        verdicts = [judging.Verdict(dead, "task_test", "plain", "task_test: a", 0), judging.Verdict(alive, None, None, None, 0)]
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(first_shot, "PATH", pathlib.Path(folder) / "shots.md"):
            first_shot.PATH.write_text(first_shot.section("a seed", verdicts))
            self.assertEqual(first_shot.seeds(), ["a seed"])
            self.assertIn("1 of 2 killed at first sight: 50.0 %", first_shot.PATH.read_text())
            self.assertEqual(first_shot.without_end(), ["S-alive"])
            first_shot.PATH.write_text(first_shot.PATH.read_text().replace("| |", "| equivalent: nobody asks |"))
            self.assertEqual(first_shot.without_end(), [])


class TheSyntacticCatalogue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hand_written, _ = plant.load(table.catalogues())
        cls.mutants, _ = plant.load(table.syntactic_catalogues())

    def test_fits_the_sources_beside_the_other_one(self):
        both, _ = plant.load(table.catalogues() + table.syntactic_catalogues())  # which refuses an id that is there twice
        self.assertEqual(len(both), len(self.hand_written) + len(self.mutants))
        self.assertTrue(plant.planted_files(both, ROOT))
        self.assertEqual(len({mutant["key"] for mutant in self.mutants}), len(self.mutants), "a site is sampled once")

    def test_has_two_hundred_nearly_all_of_which_are_killed_and_an_argument_for_each_survivor(self):
        self.assertGreaterEqual(len(self.mutants), 200)
        for mutant in self.mutants:
            with self.subTest(mutant["id"]):
                self.assertEqual(len({"killed_by", "equivalent", "unseen"} & mutant.keys()), 1, "killed by a suite, or else a reason")
                self.assertIn(mutant.get("killed_by"), [None, *building.all_suites()])
        killed = sum("killed_by" in mutant for mutant in self.mutants)
        equivalent = sum("equivalent" in mutant for mutant in self.mutants)
        self.assertGreaterEqual(100 * killed, 95 * (len(self.mutants) - equivalent))
        self.assertTrue(all("killed_by" in mutant for mutant in self.hand_written))

    def test_is_what_the_table_lists(self):
        text = syntactic_table.PATH.read_text()
        self.assertFalse(table.SURVIVED in text, "a survivor is a hole to close, not a row to commit")
        self.assertEqual(syntactic_table.listed(text), [mutant["id"] for mutant in self.mutants],
                         f"{syntactic_table.PATH.name} is not of this catalogue: {table.COMMAND}")


SOURCE = """\
#include <cstdlib>
constexpr int twice(int n) { return n + n; }
static_assert(twice(2) == 4);
int main(int argc, char**) {
    int sum = 1;
    if (argc > 0) {
        sum += 2;  // a comment
    }
    sum = twice(sum + argc);
    return sum;  // 8
}
"""


def edit(old, new, form, **more):
    return {"file": "main.cpp", "old": old, "new": new, "as": form, **more}


def planted(*edits):
    return plant.plant("main.cpp", [(f"m{i}", e) for i, e in enumerate(edits)], SOURCE)


# The names in an edit's new text may go while the old text stays.
class ThePlantedSources(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        mutants = [mutant for of in (table.catalogues(), [HERE / "rules.toml"], table.syntactic_catalogues())
                   for mutant in plant.load(of)[0]]
        cls.copy = compiles.Copy(ROOT, mutants)

    def test_compile(self):
        self.assertEqual(self.copy.errors([], self.copy.sources), [])

    def test_are_seen_not_to_compile(self):
        edit = {"file": "ref/loop.cpp", "old": "steps_since_asked_ >= options().ask_every", "new": "no_such_name_", "as": "expression"}
        wrong = {"id": "X-wrong", "edit": [edit]}
        self.assertIn("no_such_name_", self.copy.errors([wrong], ["ref/loop.cpp"])[0][3])


class Planting(unittest.TestCase):
    def test_each_form_changes_the_program_when_it_is_chosen_and_only_then(self):
        text = planted(
            edit("sum += 2;  // a comment", "sum += 4;", "statement"),
            edit("sum += 2;  // a comment", "sum += 5;", "statement"),             # the same place again
            edit("2", "7", "expression", **{"in": "sum += 2;"}),                    # inside another place
            edit("sum + argc", "sum * 10", "expression"),
            edit("return sum;", "sum -= 1;", "before"),
            edit("n + n", "n + n + n", "expression"),                              # in a constexpr function
            edit("int sum = 1;", "int sum = $on ? 2 : 1;", "custom"),
            edit("\n    if (argc > 0) {", "\n    if (argc > ($on ? 1 : 0)) {", "custom"),
        )
        expected = {None: 8, "m0": 12, "m1": 14, "m2": 18, "m3": 60, "m4": 7, "m5": 12, "m6": 10, "m7": 4, "unknown": 8}
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "galley").mkdir()
            (pathlib.Path(folder) / "galley" / plant.HEADER).write_text((HERE / plant.HEADER).read_text())
            (pathlib.Path(folder) / "main.cpp").write_text(text)
            program = f"{folder}/program"
            subprocess.run(["clang++-19", "-std=c++20", "-I", folder, f"{folder}/main.cpp", "-o", program], check=True)
            for mutant, status in expected.items():
                chosen = {} if mutant is None else {"GALLEY_MUTANT": mutant}
                self.assertEqual(subprocess.run([program], env=chosen).returncode, status, mutant)
            outcome = suites.run_and_see_what_is_reached(program, suites.Limits())
            self.assertEqual(outcome.reached, {plant.number_of(f"m{i}") for i in range(8)})
            unreached = pathlib.Path(folder) / "main.cpp"
            unreached.write_text(planted(edit("sum += 2;", "sum += 4;", "statement"), edit("return sum;", "", "before")).replace("argc > 0", "argc > 2"))
            subprocess.run(["clang++-19", "-std=c++20", "-I", folder, unreached, "-o", program], check=True)
            self.assertEqual(suites.run_and_see_what_is_reached(program, suites.Limits()).reached, {plant.number_of("m1")})

    def refusal_of(self, *edits):
        with self.assertRaises(plant.CatalogueError) as refused:
            planted(*edits)
        return str(refused.exception)

    def test_a_text_that_is_not_there_once_is_an_error_that_names_it(self):
        self.assertIn("m0: this occurs 0 times in main.cpp, not once: 'nowhere'", self.refusal_of(edit("nowhere", "", "statement")))
        self.assertIn("m0: this occurs 5 times in main.cpp, not once: 'sum'", self.refusal_of(edit("sum", "", "expression")))
        self.assertIn("occurs 2 times", self.refusal_of(edit("n", "", "expression", **{"in": "n + n"})))
        self.assertIn("not once: ''", self.refusal_of(edit("", "", "before")))

    def test_a_mutant_that_another_would_leave_out_is_an_error_that_names_both(self):
        whole = edit("sum += 2;", "sum += $on ? 3 : 2;", "custom")
        self.assertIn("m0: its new text has no $old, so it would leave out what lies in the same place: m1",
                      self.refusal_of(whole, edit("2", "7", "expression", **{"in": "sum += 2;"})))
        self.assertIn("m0: its new text has no $old, so it would leave out what lies in the same place: m1",
                      self.refusal_of(whole, edit("sum += 2;", "sum += 5;", "statement")))

    def test_places_that_overlap_are_refused(self):
        self.assertIn("m0 ('sum += 2;') and m1 ('2;  // a') overlap",
                      self.refusal_of(edit("sum += 2;", "", "statement"), edit("2;  // a", "", "statement")))

    def test_a_catalogue_that_is_malformed_is_refused(self):
        good = {"id": "m", "what": "", "killed_by": "a_test", "edit": [edit("a", "b", "before")]}
        plant.check(good)
        for bad in ({**good, "oops": 1}, {**good, "edit": [{**good["edit"][0], "as": "oops"}]},
                    {**good, "edit": [edit("a", "b", "custom")]}, {k: v for k, v in good.items() if k != "what"}):
            with self.assertRaises(plant.CatalogueError):
                plant.check(bad)


FAKE_SUITE = """\
#!/usr/bin/env python3
import os, sys, time
tests = ["a.one", "a.two", "b.three"]
if "--gtest_list_tests" in sys.argv:
    print("a.\\n  one\\n  two\\nb.\\n  three  # TypeParam = int")
    sys.exit()
for argument in sys.argv:
    if argument.startswith("--gtest_filter="):
        tests = argument.split("=")[1].split(":")
status = 0
for test in tests:
    print(f"[ RUN      ] {test}", flush=True)
    how = os.environ.get("GALLEY_MUTANT", "").split(",")
    if f"{test}:dies" in how:
        os.abort()
    if f"{test}:exits" in how:
        sys.exit(1)
    if f"{test}:hangs" in how:
        time.sleep(1000)
    while f"{test}:spins" in how:
        pass
    print("[  FAILED  ]" if f"{test}:fails" in how else "[       OK ]", f"{test} (0 ms)", flush=True)
    if f"{test}:fails" in how:
        status = 1
        if "--gtest_fail_fast" in sys.argv:
            break
sys.exit(status)
"""


class Judging(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.program = pathlib.Path(self.folder.name) / "fake_test"
        self.program.write_text(FAKE_SUITE)
        self.program.chmod(0o755)

    def outcome(self, mutant):
        result = suites.run(self.program, mutant, suites.Limits(seconds=1))
        return result.how, result.failed

    def test_tells_who_failed_and_how(self):
        self.assertEqual(self.outcome(None), ("passes", []))
        self.assertEqual(self.outcome("a.two:fails"), ("fails", ["a.two"]))
        self.assertEqual(self.outcome("a.one:fails,a.two:fails"), ("fails", ["a.one"]))
        self.assertEqual(self.outcome("a.two:dies"), ("dies", ["a.two"]))
        self.assertEqual(self.outcome("a.two:exits"), ("dies", ["a.two"]), "a sanitizer does that")
        self.assertEqual(self.outcome("b.three:hangs"), ("hangs", ["b.three"]))
        result = suites.run(self.program, "a.two:spins", suites.Limits(seconds=60, cpu_seconds=1))
        self.assertEqual((result.how, result.failed), ("hangs", ["a.two"]), "by the processor's time")

    def test_one_test_that_dies_or_hangs_hides_no_other(self):
        self.assertEqual(suites.run_every_test(self.program, "a.one:dies,a.two:fails,b.three:hangs", suites.Limits(seconds=1)),
                         {"a.one": "dies", "a.two": "fails", "b.three": "hangs"})
        self.assertEqual(suites.run_every_test(self.program, "a.one:fails,b.three:fails"), {"a.one": "fails", "b.three": "fails"})
        self.assertEqual(suites.run_every_test(self.program, None), {})


class TheRightToJudge(unittest.TestCase):
    """Of a suite that fails under the limits that mutants get, and of one that never comes to the mutant."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        patched = unittest.mock.patch.object(building, "program", lambda suite, variant: pathlib.Path(self.folder.name) / suite)
        patched.start()
        self.addCleanup(patched.stop)

    def suite(self, name, script):
        program = building.program(name, "plain")
        program.write_text("#!/usr/bin/env python3\nimport os, resource, struct, sys\n" + script)
        program.chmod(0o755)

    def mutant(self):
        return {"id": "m", "what": "", "killed_by": "a_test", "edit": [edit("a", "b", "expression")]}

    def test_a_suite_that_fails_under_the_limits_of_mutants_may_not_judge(self):
        self.suite("a_test", "sys.exit(resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY)")
        judge = judging.Judge([])
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertFalse(judge.passes_unmutated([("a_test", "plain")]))
            self.assertTrue(judge.passes_unmutated([("a_test", "asan")]), "there is no such limit under sanitizers")
        self.assertIn("a_test (plain) fails", said.getvalue())

    REACHES = """
table = os.environ.get("GALLEY_MUTANT_REACHED")
if table and {reaches}:
    with open(table, "r+b") as file:
        file.write(struct.pack("Q", {number}))
sys.exit("GALLEY_MUTANT" in os.environ)
"""

    def verdict(self, reaches):
        self.suite("a_test", self.REACHES.format(reaches=reaches, number=plant.number_of("m")))
        judge = judging.Judge([self.mutant()])
        judge.all_are_built = True
        with contextlib.redirect_stdout(io.StringIO()), unittest.mock.patch.object(building, "all_suites", lambda: ["a_test"]):
            self.assertTrue(judge.passes_unmutated([("a_test", "plain")]))
            return judge.verdict_of(self.mutant())

    def test_a_suite_that_never_comes_to_a_mutant_may_not_judge_it(self):
        self.assertEqual(self.verdict(reaches=True).suite, "a_test")
        missed = self.verdict(reaches=False)
        self.assertEqual((missed.suite, missed.killer, missed.survived_unexpectedly), (None, "no suite reaches it", True))


if __name__ == "__main__":
    unittest.main()
