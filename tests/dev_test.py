# SPDX-License-Identifier: BSL-1.0
"""The door says what it takes, and does nothing before it has understood."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

DEV = pathlib.Path(__file__).resolve().parent.parent / "dev"
WORKERS = ["apt-get", "sudo", "dpkg-query", "cmake", "ctest", "ninja", "clang-format-19", "clang-tidy-19", "python3"]


class Door(unittest.TestCase):
    def setUp(self):
        """Whoever does something leaves a trace."""
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.done = pathlib.Path(self.folder.name) / "done"
        for name in WORKERS:
            stub = pathlib.Path(self.folder.name) / name
            stub.write_text(f"#!/bin/sh\necho {name} >>{self.done}\nexit 1\n")
            stub.chmod(0o755)

    def ask(self, *arguments):
        environment = {**os.environ, "PATH": f"{self.folder.name}:{os.environ['PATH']}"}
        answer = subprocess.run([DEV, *arguments], env=environment, capture_output=True, text=True)
        self.assertFalse(self.done.exists(), f"{arguments}: {self.done.read_text() if self.done.exists() else ''}")
        return answer

    def commands(self):
        return dict.fromkeys(re.findall(r"^  ([a-z]+)", self.ask("help").stdout, re.MULTILINE))

    def test_each_command_says_what_it_takes_and_does_nothing_else(self):
        self.assertGreater(len(self.commands()), 8)
        for command in self.commands():
            for option in ("--help", "-h"):
                with self.subTest(f"{command} {option}"):
                    answer = self.ask(command, option)
                    self.assertEqual(answer.returncode, 0, answer.stderr)
                    self.assertRegex(answer.stdout, rf"^usage:\n  {command}\b")
        self.assertIn("--replay FILE", self.ask("fuzz", "600", "--help").stdout)

    def test_what_it_does_not_take_is_an_error(self):
        for wrong in (["cook"], ["demo", "now"], ["test", "some"], ["fuzz", "soon"], ["fuzz", "1", "nothing"], ["verify", "--deep", "x"],
                      ["lint", "this"], ["format", "it"], ["coverage", "of"]):
            with self.subTest(wrong):
                answer = self.ask(*wrong)
                self.assertEqual(answer.returncode, 2)
                self.assertRegex(answer.stderr, rf"dev: .*{wrong[-1]}")


if __name__ == "__main__":
    unittest.main()
