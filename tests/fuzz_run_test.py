#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""fuzz/run.py, with a script in the place of a libFuzzer target: what it prints, keeps and replays."""

import os
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What libFuzzer's command line and output look like. A file `fault` beside it makes it fail.
TARGET = textwrap.dedent("""\
    #!/usr/bin/env python3
    import shutil, sys
    from pathlib import Path
    options = dict(a[1:].split("=", 1) for a in sys.argv[1:] if a.startswith("-"))
    places = [Path(a) for a in sys.argv[1:] if not a.startswith("-")]
    faulty = (Path(sys.argv[0]).parent / "fault").exists()
    if "merge" in options:
        first = sorted(places[1].iterdir())[0]
        shutil.copy(first, places[0])
        sys.exit(0)
    if places and places[0].is_file():  # replay
        print("replayed", places[0].read_text())
        sys.exit(77 if faulty else 0)
    print("INFO: Seed: 1")
    print("#1024\\tNEW    cov: 12 ft: 34 corp: 5/67b lim: 4 exec/s: 512 rss: 30Mb L: 1/1 MS: 0 ")
    if faulty:
        Path(options["artifact_prefix"] + "crash-1").write_text("bad input")
        Path(options["artifact_prefix"] + "small-1.json").write_text("{}")
        print("THE SMALL CASE\\nroutine 0:\\n> fast     9  world entry 0\\n==1== ERROR: libFuzzer: deadly signal\\n    #0 in main")
        sys.exit(77)
    for n in range(3):
        (places[0] / f"found{n}").write_text("x")
    print("stat::number_of_executed_units: 2000\\nstat::average_exec_per_sec:     1000")
    """)


class FuzzRunTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bin = Path(folder.name) / "bin"
        self.keep = Path(folder.name) / "keep"
        self.bin.mkdir()
        target = self.bin / "timer_wheel"  # run.py runs those that are both sources and built
        target.write_text(TARGET)
        target.chmod(0o755)

    def run_py(self, *arguments):
        env = {name: value for name, value in os.environ.items() if name != "COUNTS"}
        return subprocess.run([sys.executable, str(ROOT / "fuzz" / "run.py"), *arguments, "--bin", str(self.bin)], env=env,
                              capture_output=True, text=True)

    def fuzz(self, *arguments):
        return self.run_py("fuzz", "--seconds", "1", "--workers", "2", "--keep", str(self.keep), *arguments)

    def test_all_is_well(self):
        done = self.fuzz()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("timer_wheel: 4,000 runs, 2,000/s on 2 cores (1,000, 1,000)", done.stdout)
        self.assertIn("corpus minimised: 3 inputs to 1", done.stdout)
        self.assertEqual([p.name for p in (self.keep / "corpus" / "timer_wheel").iterdir()], ["found0"])

    def test_a_failure_is_told_and_replayed(self):
        (self.bin / "fault").touch()
        done = self.fuzz()
        self.assertEqual(done.returncode, 1)
        crash = self.keep / "artifacts" / "timer_wheel-crash-1"
        self.assertIn("> fast     9  world entry 0", done.stdout)
        self.assertNotIn("deadly signal", done.stdout, "where the report was made is of no interest")
        self.assertIn(f"./dev fuzz --replay {crash}\n", done.stdout)
        self.assertIn("timer_wheel-small-1.json\n", done.stdout)

        again = self.run_py("replay", str(crash))
        self.assertEqual(again.returncode, 1)
        self.assertIn("replayed bad input", again.stdout)
        (self.bin / "fault").unlink()
        self.assertEqual(self.run_py("replay", str(crash)).returncode, 0)

    def test_a_failure_that_is_found_again_is_told_again(self):
        (self.bin / "fault").touch()
        self.fuzz()
        self.assertIn("timer_wheel-crash-1", self.fuzz().stdout)

    def test_a_program_that_dies_before_it_says_anything(self):
        (self.bin / "timer_wheel").write_text("#!/bin/sh\nkill -SEGV $$\n")
        done = self.fuzz()
        self.assertEqual(done.returncode, 1)
        self.assertIn("no input was kept", done.stdout)

    def test_wrong_names_are_refused(self):
        done = self.fuzz("no_such_target")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such target: no_such_target; there are: timer_wheel", done.stderr)
        other = self.keep.parent / "unknown-crash-1"
        other.touch()
        self.assertIn("does not begin with the name of a target", self.run_py("replay", str(other)).stderr)


if __name__ == "__main__":
    unittest.main()
