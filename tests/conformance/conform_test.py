# SPDX-License-Identifier: BSL-1.0
"""The conformance kit judged: right ports are accepted, wrong ones are rejected with the rule's name, ill-behaved ones reported.

GALLEY_COMMAND names the program `galley`; without it, that of the preset dev.
"""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import typing
import unittest
from xml.etree import ElementTree

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
GALLEY = os.environ.get("GALLEY_COMMAND", str(ROOT / "build/dev/bin/galley"))
SABOTAGED = [sys.executable, str(HERE / "sabotaged.py")]


def conform(*options, adapter, code=None, env=None):
    """Exit code, standard output, and the results as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "results.json"
        done = subprocess.run([GALLEY, "conform", "--json", results, *options, "--", *adapter], capture_output=True,
                              text=True, timeout=120, env=os.environ | (env or {}))
        found = json.loads(results.read_text()) if results.exists() else None
    return done.returncode, done.stdout, found


def failures(found):
    return [one for one in found["vectors"] if one.get("kind")]


class RightPorts(unittest.TestCase):
    def test_the_loops_of_this_house_and_the_oracle(self):
        for adapter in ([GALLEY, "adapter", "--on", "ref"], [GALLEY, "adapter", "--on", "fast"], [*SABOTAGED, "good"]):
            code, out, found = conform(adapter=adapter)
            self.assertEqual(code, 0, out[-2000:])
            self.assertGreaterEqual(len(found["vectors"]), 500)
            self.assertIn("0 rejected", out)

    def test_each_rule_that_a_vector_can_test_has_three(self):
        _, _, found = conform(adapter=[GALLEY, "adapter", "--on", "fast"])
        text = (ROOT / "spec/rules.md").read_text()
        beyond = set(re.findall(r'\{"([A-Z]+-\d+)", "', (ROOT / "spec/stage/check/occasions.cpp").read_text().split("beyond{{")[1]))
        for rule in set(re.findall(r"^\*\*([A-Z]+-\d+)\.\*\*", text, re.M)) - beyond:
            self.assertGreaterEqual(found["rules"].get(rule, {"passed": 0})["passed"], 3, rule)

    def test_the_rules_that_none_can_test_are_listed_in_the_kit(self):
        beyond = set(re.findall(r'\{"([A-Z]+-\d+)", "', (ROOT / "spec/stage/check/occasions.cpp").read_text().split("beyond{{")[1]))
        listed = set()
        for row in re.findall(r"^\| ([A-Z]+-\d+(?: to [A-Z]+-\d+)?) \|", (ROOT / "spec/conformance/README.md").read_text(), re.M):
            family = row.split("-")[0]
            first, *last = (int(number) for number in re.findall(r"-(\d+)", row))
            listed |= {f"{family}-{number}" for number in range(first, (last or [first])[0] + 1)}
        self.assertEqual(listed, beyond)

    def test_pages_that_say_how_many_vectors_there_are_say_so_rightly(self):
        count = sum(len(path.read_text().splitlines()) for path in (ROOT / "spec/conformance/vectors").glob("*.jsonl"))
        self.assertIn(f"[{count:,} vectors]", (ROOT / "README.md").read_text())


PORTS = ROOT / "spec/conformance/ports"


def has_rust():
    return shutil.which("cargo") and list(pathlib.Path("/usr/share/cargo/registry").glob("serde_json-1.*"))


def built_rust(source):
    """The crates that it needs are kept beside the build, and compiled once."""
    folder = ROOT / "build/ports/rust"
    subprocess.run([PORTS / "rust/build", folder, source], check=True)
    return [folder / "port"]


@dataclasses.dataclass
class Port:
    source: pathlib.Path
    there: bool  # what it needs is installed
    adapter: typing.Callable  # its command, from the source
    right: str  # of a line, and what makes a queue of it that runs the latest first
    wrong: str


ALL_PORTS = [
    Port(PORTS / "python/port.py", True, lambda source: [sys.executable, source], "self.round.popleft()", "self.round.pop()"),
    Port(PORTS / "javascript/port.js", shutil.which("node"), lambda source: ["node", source], "this.ready.shift()", "this.ready.pop()"),
    Port(PORTS / "rust/port.rs", has_rust(), built_rust, "ready.pop_front().unwrap()", "ready.pop_back().unwrap()"),
]


class Ports(unittest.TestCase):
    """Whole loops in other languages, which are not skipped in silence."""

    def setUp(self):
        for port in ALL_PORTS:
            if not port.there:
                print(f"{port.source.name} was left out: its language is not installed", file=sys.stderr)

    def test_each_keeps_all_vectors_at_both_levels(self):
        for port in filter(lambda port: port.there, ALL_PORTS):
            adapter = port.adapter(port.source)
            for levels in ([], ["PL"]):
                with self.subTest(port.source.name, levels=levels):
                    code, out, _ = conform(adapter=[*adapter, *levels])
                    self.assertEqual(code, 0, out[-2000:])
                    self.assertIn(" 0 skipped;", out)

    def test_pages_say_how_long_they_are(self):
        for port in ALL_PORTS:
            lines = f" {len(port.source.read_text().splitlines()):,} "
            for page in ("PORTING.md", "conformance/ports/README.md"):
                self.assertIn(lines, (ROOT / "spec" / page).read_text(), f"{page}: {port.source.name}")

    def test_a_wrong_copy_of_each_is_red(self):
        for port in filter(lambda port: port.there, ALL_PORTS):
            text = port.source.read_text()
            self.assertEqual(text.count(port.right), 1, port.source)
            with self.subTest(port.source.name), tempfile.TemporaryDirectory() as folder:
                wrong = pathlib.Path(folder) / port.source.name
                wrong.write_text(text.replace(port.right, port.wrong))
                code, _, found = conform("--filter", "READY-", adapter=port.adapter(wrong))
                self.assertEqual(code, 1)
                self.assertIn("READY-1", {one.get("rule") for one in failures(found)} | {one["rules"][0] for one in failures(found)})


class WrongPorts(unittest.TestCase):
    def test_every_fault_is_found_and_its_rule_named(self):
        listed = subprocess.run([*SABOTAGED, "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
        self.assertGreaterEqual(len(listed), 25)
        for line in listed:
            fault, rule = line.split()
            with self.subTest(fault):
                code, out, found = conform(adapter=[*SABOTAGED, fault])
                self.assertEqual(code, 1, fault)
                named = {one.get("rule") for one in failures(found)} | {one["rules"][0] for one in failures(found)}
                self.assertIn(rule, named)

    def test_ill_behaved_adapters_are_reported_and_the_run_goes_on(self):
        for name, kind in {"hangs": "hangs", "crashes": "died", "talkative": "talkative", "endless": "talkative", "no_json": "malformed",
                           "unknown_field": "malformed", "bad_event": "malformed", "other_id": "lying", "other_parameters": "lying",
                           "not_the_levels": "lying"}.items():
            with self.subTest(name):
                code, out, found = conform("--filter", "TIME-9", adapter=[*SABOTAGED, name])
                self.assertEqual(code, 1)
                self.assertEqual({one["kind"] for one in failures(found)}, {kind}, out)
                self.assertTrue([one for one in found["vectors"] if one["outcome"] == "passed"])

    def test_who_is_silent_is_given_up(self):
        code, out, found = conform("--limit", "400", "--filter", "SYNC-2", adapter=[*SABOTAGED, "silent"])
        self.assertEqual(code, 1)
        self.assertIn("hangs", {one["kind"] for one in failures(found)})

    def test_no_adapter_is_a_failure(self):
        for adapter, why in ((["/bin/false"], "hello: died"), (["/nonexistent"], "cannot be started"), (["/bin/echo", "x"], "hello:")):
            code, out, _ = conform(adapter=adapter)
            self.assertEqual(code, 1)
            self.assertIn(why, out)
            self.assertIn("nothing was run", out)


class Expectations(unittest.TestCase):
    def with_file(self, text, *adapter, options=("--filter", "TIME-9")):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(text)
            file.flush()
            return conform("--expect", file.name, *options, adapter=adapter)

    def test_expected_failures_pass_and_unexpected_passes_fail(self):
        wrong = [*SABOTAGED, "counts_from_the_sample"]
        _, _, found = conform("--filter", "TIME-9", adapter=wrong)
        owed = "".join(f"fail {one['id']} # known\n" for one in failures(found))
        self.assertTrue(owed)
        code, out, _ = self.with_file(owed, *wrong)
        self.assertEqual(code, 0, out)
        code, out, _ = self.with_file(owed, *SABOTAGED, "good")
        self.assertEqual(code, 1)
        self.assertIn("passed, though it was expected to fail", out)

    def test_a_skip_is_no_expected_failure(self):
        _, _, found = conform("--filter", "TIME-9", adapter=[*SABOTAGED, "good"])
        one = found["vectors"][0]["id"]
        code, out, _ = self.with_file(f"skip {one}\n", *SABOTAGED, "good")
        self.assertEqual(code, 1)
        self.assertIn("though it was expected to be skipped", out)

    def test_an_unknown_name_is_a_failure(self):
        code, out, _ = self.with_file("fail TIME-9/000000\n", *SABOTAGED, "good", options=())
        self.assertEqual(code, 1)
        self.assertIn("no vector is called so", out)


class Forms(unittest.TestCase):
    """What is written beside the text says the same, in form."""

    def written(self, *options, adapter):
        with tempfile.TemporaryDirectory() as folder:
            places = {form: pathlib.Path(folder) / form for form in ("junit", "html", "badge")}
            code, _, found = conform(*options, *(part for form, place in places.items() for part in (f"--{form}", place)), adapter=adapter)
            return code, found, {form: place.read_text() for form, place in places.items()}

    def test_of_a_wrong_port(self):
        _, found, said = self.written("--filter", "TIME-9", adapter=[*SABOTAGED, "counts_from_the_sample"])
        suite = ElementTree.fromstring(said["junit"])
        self.assertEqual(int(suite.get("failures")), len(failures(found)))
        self.assertEqual(len(suite.findall("testcase/failure")), len(failures(found)))
        self.assertEqual(len(suite.findall("testcase")), int(suite.get("tests")))
        for one in failures(found):
            self.assertIn(f"<summary>{one['id']}: expected <code>", said["html"])
        passed = sum(one["outcome"] == "passed" for one in found["vectors"])
        badge = ElementTree.fromstring(said["badge"])
        self.assertIn(f"{passed} of {passed + len(failures(found))}", [text.text for text in badge.iter("{http://www.w3.org/2000/svg}text")])

    def test_what_no_vector_is_to_blame_for_is_told_as_well(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("fail TIME-9/000000\n")
            file.flush()
            code, _, said = self.written("--expect", file.name, adapter=[*SABOTAGED, "good"])
        self.assertEqual(code, 1)
        suite = ElementTree.fromstring(said["junit"])
        self.assertEqual(suite.get("failures"), "1")
        self.assertIn("TIME-9/000000", suite.find("testcase/failure").get("message"))
        self.assertIn("the expectations name TIME-9/000000", said["html"])
        self.assertNotIn("#2e7d32", said["badge"], "green")


class Relaxed(unittest.TestCase):
    """A legal trace that differs is accepted, an illegal one is not."""

    def put(self, fault, relaxations):
        return conform(adapter=[*SABOTAGED, fault], env={"GALLEY_RELAXATIONS": relaxations, "GALLEY_LEVELS": "P"})

    def test_legal_orders_are_accepted(self):
        for fault, relaxation in (("takes_the_latest_first", "ready_order"), ("fires_equal_deadlines_in_reverse", "timer_ties"),
                                  ("runs_what_becomes_ready_in_the_same_round", "rounds")):
            with self.subTest(fault):
                code, out, _ = self.put(fault, "")
                self.assertEqual(code, 1)
                code, out, _ = self.put(fault, relaxation)
                self.assertEqual(code, 0, out[-3000:])

    def test_illegal_ones_are_not(self):
        for fault in ("swallows_a_cancellation", "serves_the_latest_waiter", "loses_items_at_a_close", "counts_from_the_sample",
                      "is_silent_about_failures", "lets_the_last_one_win", "calls_a_deadlock_completed", "cancels_by_edge"):
            with self.subTest(fault):
                code, _, found = self.put(fault, "timer_ties ready_order rounds")
                self.assertEqual(code, 1)
                self.assertTrue(failures(found))

    def test_each_trace_of_negative_is_judged_as_it_says(self):
        judged = {"accept": 0, "reject": 0}
        lines = (ROOT / "spec/conformance/negative/traces.jsonl").read_text().splitlines()
        for number, line in enumerate(lines):
            entry = json.loads(line)
            with self.subTest(number=number, vector=entry["vector"], origin=entry["origin"]):
                code, out, found = conform("--vector", entry["vector"], adapter=[sys.executable, HERE / "negative.py", "replay", str(number)])
                self.assertEqual(code, 0 if entry["judgement"] == "accept" else 1, out)
                self.assertEqual([one["kind"] for one in failures(found)], [] if code == 0 else ["wrong"])
            judged[entry["judgement"]] += 1
        self.assertGreaterEqual(min(judged.values()), 10)


class Hunts(unittest.TestCase):
    def test_random_and_exhaustive_scenarios_find_and_shrink(self):
        wrong = [*SABOTAGED, "serves_the_latest_waiter"]
        code, out, _ = conform("--fuzz", "20", adapter=wrong)
        self.assertEqual(code, 1)
        self.assertIn("as a vector:", out)
        seed = re.search(r"^seed (\d+)", out, re.M)[1]
        code, again, _ = conform("--fuzz", "20", "--seed", seed, adapter=wrong)
        self.assertEqual(out.split("as a vector:")[1], again.split("as a vector:")[1])
        code, out, _ = conform("--fuzz", "20", adapter=[*SABOTAGED, "dies_of_yields"])
        self.assertEqual(code, 1)
        self.assertIn("(died", out)
        self.assertIn('"do":"yield"', out.split("as a vector:")[1], "made small until it did not die any more")
        code, out, _ = conform("--exhaust", "core", "3", adapter=[*SABOTAGED, "cancels_by_edge"])
        self.assertEqual(code, 1)
        code, out, _ = conform("--exhaust", "core", "2", adapter=[GALLEY, "adapter", "--on", "fast"])
        self.assertEqual(code, 0, out)


class Templates(unittest.TestCase):
    def test_each_speaks_the_protocol_and_is_right_in_the_little_that_it_knows(self):
        folder = ROOT / "spec/conformance/templates"
        with tempfile.TemporaryDirectory() as build:
            compiled = pathlib.Path(build) / "adapter"
            subprocess.run(["clang-19", "-Wall", "-Wextra", "-Werror", "-o", compiled, folder / "adapter.c"], check=True)
            adapters = {"adapter.c": [compiled], "adapter.py": [sys.executable, folder / "adapter.py"]}
            if shutil.which("node"):
                adapters["adapter.js"] = ["node", folder / "adapter.js"]
            for name, adapter in adapters.items():
                with self.subTest(name):
                    code, out, _ = conform(adapter=adapter)
                    self.assertEqual(code, 0, out[-2000:])
                    runs = 1 if name == "adapter.c" else 3  # as PORTING.md says
                    self.assertIn(f" {runs} run, {runs} passed", out)
                    self.assertLess(len(out.splitlines()), 100)  # what is lacking is told feature by feature
                    self.assertLess(len((folder / name).read_text().splitlines()), 100)


class Alone(unittest.TestCase):
    """The kit in an empty folder, with the built runner and nothing else of this project."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.kit = pathlib.Path(folder.name) / "kit"
        subprocess.run([ROOT / "spec/conformance/export", self.kit, GALLEY], check=True, capture_output=True)

    def run_in_it(self, *command):
        return subprocess.run(command, cwd=self.kit, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=120)

    def test_it_judges_a_template_and_a_port_with_its_own_vectors(self):
        done = self.run_in_it("./galley", "conform", "--", "python3", "spec/conformance/templates/adapter.py")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for path in (self.kit / "spec/conformance/vectors").glob("*.jsonl"):
            if path.stem != "SYNC":
                path.unlink()
        count = len((self.kit / "spec/conformance/vectors/SYNC.jsonl").read_text().splitlines())
        done = self.run_in_it("./galley", "conform", "--", "python3", "spec/conformance/ports/python/port.py")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{count} vectors: {count} run, {count} passed", done.stdout)
        (self.kit / "spec/conformance/vectors/SYNC.jsonl").write_text("{}\n")
        done = self.run_in_it("./galley", "conform", "--", "python3", "spec/conformance/ports/python/port.py")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("SYNC.jsonl:1", done.stderr + done.stdout)

    def test_its_pages_lead_nowhere_else(self):
        pages = list(self.kit.rglob("*.md"))
        self.assertGreater(len(pages), 8)
        for page in pages:
            for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
                with self.subTest(page=page.relative_to(self.kit), link=link):
                    self.assertTrue("://" in link or (page.parent / link).exists())

    def test_it_does_not_write_over_anything(self):
        done = subprocess.run([ROOT / "spec/conformance/export", self.kit, GALLEY], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("there already", done.stderr)


class Tutorial(unittest.TestCase):
    """The small port of PORTING.md, piece by piece."""

    def test_each_piece_keeps_as_many_vectors_as_it_says(self):
        text = (ROOT / "spec/PORTING.md").read_text()
        pieces = re.findall(r"^```python\n(.*?)^```\n.*?^Kept: (\d+) vectors", text, re.M | re.S)
        self.assertEqual(len(pieces), text.count("```python"))
        with tempfile.TemporaryDirectory() as folder:
            port, so_far = pathlib.Path(folder) / "small_port.py", ""
            for piece, kept in pieces:
                so_far += piece
                port.write_text(so_far + "serve()\n")
                with self.subTest(kept=kept):
                    code, out, _ = conform(adapter=[sys.executable, port])
                    self.assertEqual(code, 0, out[-2000:])
                    self.assertIn(f" {kept} run, {kept} passed", out)


class Fixed(unittest.TestCase):
    def test_parameters_that_a_port_has_are_put_into_the_scenarios(self):
        code, out, _ = conform(adapter=[*SABOTAGED, "good"], env={"GALLEY_PARAMETERS": '{"R":1024,"B":1,"b":1000000}'})
        self.assertEqual(code, 0, out[-2000:])

    def test_features_that_a_port_has_not_are_skipped_and_counted(self):
        code, out, found = conform(adapter=[*SABOTAGED, "good"], env={"GALLEY_FEATURES": "tasks join"})
        self.assertEqual(code, 0)
        self.assertTrue([one for one in found["vectors"] if one["outcome"] == "skipped"])
        code, out, _ = conform("--filter", "queue", adapter=[*SABOTAGED, "good"], env={"GALLEY_FEATURES": "tasks"})
        self.assertEqual(code, 1)
        self.assertIn("nothing was run", out)


if __name__ == "__main__":
    unittest.main()
