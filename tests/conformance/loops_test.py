#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Real loops before the vectors: their adapters speak the protocol, the table follows from what is measured, and asyncio, which
needs nothing but Python, is measured again."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LOOPS = ROOT / "spec/conformance/loops"
GALLEY = os.environ.get("GALLEY_COMMAND", ROOT / "build/dev/bin/galley")
sys.path.insert(0, str(LOOPS))
import table

MEASURED = json.loads((LOOPS / "measured.json").read_text())
NAMES = sorted(path.parent.name for path in LOOPS.glob("*/loop.toml"))


def matrix(loops, *arguments):
    with tempfile.TemporaryDirectory() as built:
        done = subprocess.run([loops / "matrix", "--galley", GALLEY, "--built", built, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Known(unittest.TestCase):
    def test_each_difference_says_what_a_reader_needs(self):
        numbers = set(re.findall(r"^\*\*([A-Z]+-\d+)\.\*\*", (ROOT / "spec/rules.md").read_text(), re.M))
        for name in NAMES:
            for one in table.differences(LOOPS, name):
                with self.subTest(loop=name, difference=one["name"]):
                    self.assertIn(one["rule"], numbers)
                    self.assertIn(one["promise"], table.PROMISES)
                    self.assertEqual("docs" in one, "where" in one)
                    self.assertTrue(one["promise"] != "broken" or "docs" in one, "a promise that is broken is quoted")
                    self.assertLessEqual({"program", "prints", "language"}, set(one))
                    for pattern in one["matches"]:
                        re.compile(pattern)

    def test_every_failure_is_explained_and_every_difference_seen(self):
        for name, figure in MEASURED.items():
            with self.subTest(name):
                known = {one["name"]: one for one in table.differences(LOOPS, name)}
                self.assertLessEqual(set(figure["differences"]), set(known))
                self.assertLessEqual({one for one in known if known[one]["of"] == name}, set(figure["differences"]))
                self.assertEqual(sum(one["count"] for one in figure["differences"].values()), figure["failed"])

    def test_eight_loops_and_four_languages(self):
        self.assertGreaterEqual(len({figure["port"]["name"].split(",")[0] for figure in MEASURED.values()}), 8)
        self.assertGreaterEqual(len({figure["port"]["language"] for figure in MEASURED.values()}), 4)


class Table(unittest.TestCase):
    def test_it_follows_from_the_figures(self):
        order = [name for name in re.search(r"^ORDER = \[(.*)\]$", (LOOPS / "matrix").read_text(), re.M)[1].replace('"', "").split(", ")]
        self.assertEqual(sorted(order), NAMES)
        text = table.markdown(LOOPS, MEASURED, order)
        self.assertEqual((ROOT / "spec/conformance/TABLE.md").read_text(), text)
        changed = json.loads(json.dumps(MEASURED))
        changed["asyncio"]["kept"] += 1
        self.assertNotEqual(table.markdown(LOOPS, changed, order), text)
        page = table.page(LOOPS, MEASURED, order)
        for link in set(re.findall(r'href="#([^"]+)"', page)):
            self.assertIn(f'id="{link}"', page)
        for link in set(re.findall(r"\]\(#([^)]+)\)", text)):
            self.assertIn(f'<a id="{link}">', text)


@unittest.skipIf(shutil.which("cc") is None or not pathlib.Path("/usr/bin/python3").exists(), "there is no cc, or no Python of the system")
class Measured(unittest.TestCase):
    def test_asyncio_is_as_the_table_says(self):
        code, out = matrix(LOOPS, "--check", "asyncio")
        self.assertEqual(code, 0, out)

    def test_a_figure_that_is_not_so_is_seen_and_the_kit_works_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            alone = pathlib.Path(folder) / "conformance"
            shutil.copytree(ROOT / "spec/conformance", alone)
            figures = json.loads((alone / "loops/measured.json").read_text())
            if figures["asyncio"]["port"]["version"] not in subprocess.run(["/usr/bin/python3", "-V"], capture_output=True, text=True).stdout:
                self.skipTest("the table has another version of Python")
            figures["asyncio"]["kept"] += 1
            (alone / "loops/measured.json").write_text(json.dumps(figures))
            code, out = matrix(alone / "loops", "--check", "asyncio")
            self.assertEqual(code, 1)
            self.assertIn("asyncio: the figures differ", out)


    def test_the_failure_that_the_tutorial_shows_is_a_real_one(self):
        text = (ROOT / "spec/PORTING.md").read_text()
        command = re.search(r"^    galley (conform --vector \S+) -- python3 (\S+)$", text, re.M)
        done = subprocess.run([GALLEY, *command[1].split(), "--", "/usr/bin/python3", command[2]], cwd=ROOT, capture_output=True, text=True)
        shown = done.stdout[:done.stdout.index("\nrule ")].strip("\n")
        self.assertIn("\n".join(("    " + line).rstrip() for line in shown.split("\n")), text)


class Adapters(unittest.TestCase):
    def test_those_in_python_and_javascript_answer_hello_and_stop(self):
        adapters = {"asyncio": ["/usr/bin/python3", LOOPS / "asyncio/adapter.py"], "node": ["node", LOOPS / "node/adapter.js"]}
        for name, command in adapters.items():
            if shutil.which(command[0]) is None:
                continue
            with self.subTest(name):
                done = subprocess.run([*command], input='{"do":"hello","protocol":1}\n{"do":"stop"}\n', capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                hello = json.loads(done.stdout)
                self.assertEqual(hello["name"], name)
                self.assertEqual(sorted(hello["features"]), MEASURED[name]["port"]["features"])


if __name__ == "__main__":
    unittest.main()
