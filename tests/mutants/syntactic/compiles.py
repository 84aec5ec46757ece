# SPDX-License-Identifier: BSL-1.0
"""Which of some mutants the compiler takes. All are planted into a copy that is only read, not built; whoever is near an error is tried
alone."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import plant
import tree

FOLDERS = ("include", "ref", "fast", "spec", "tests", "fuzz")
# Beside the sources themselves: what uses the templates.
USERS = ["tests/task_test.cpp", "tests/cancel_test.cpp", "tests/sync_test.cpp", "tests/io_test.cpp", "tests/timer_wheel_test.cpp",
         "tests/time_test.cpp", "tests/ready_ring_test.cpp", "tests/interleave/inbox_interleave_test.cpp",
         "tests/agreement_test.cpp", "tests/testing/glue_test.cpp"]
# A switch makes an expression no constant, which narrowing cares about; a return that is missing is no mutant but nonsense.
FLAGS = ["-w", "-Wno-c++11-narrowing", "-Werror=return-type", "-ferror-limit=0", "-fno-caret-diagnostics", "-fno-show-column",
         '-DGALLEY_SOURCE_DIR=""']
ERROR = re.compile(r"^(.+?):(\d+): (?:fatal )?error: (.*)$", re.MULTILINE)
NUMBER = re.compile(r'number_of\("([^"]+)"\)')
NEAR, FUNCTION = 4, 120  # lines that a mutant's texts, and a planted function, hardly exceed


class Copy:
    def __init__(self, root, hand_written):
        self.root, self.hand_written = root, hand_written
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.planted = set()
        for folder in FOLDERS:
            shutil.copytree(root / folder, self.path / folder, symlinks=True, ignore=shutil.ignore_patterns("build", "*.json"))
        shutil.copy(pathlib.Path(plant.__file__).parent / plant.HEADER, self.path / "include" / "galley" / plant.HEADER)
        sources = [path for folder in ("ref", "fast", "include/galley") for path in (root / folder).rglob("*.cpp")]
        self.sources = sorted(str(path.relative_to(root)) for path in sources)
        self.units = self.sources + USERS

    def errors(self, mutants, units):
        """(unit, file, line, message) of each, with these mutants and the hand-written ones."""
        texts = plant.planted_files(self.hand_written + mutants, self.root)
        for file in self.planted | texts.keys():
            (self.path / file).write_text(texts.get(file) or (self.root / file).read_text())
        self.planted = set(texts)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return [error for those in pool.map(self.errors_in, units) for error in those]

    def errors_in(self, unit):
        command = [tree.CLANG, *tree.FLAGS, *FLAGS, "-I", "include", "-I", ".", unit]
        done = subprocess.run(command, cwd=self.path, capture_output=True, text=True)
        return [(unit, tree.name_in(self.path, file), int(line), message) for file, line, message in ERROR.findall(done.stderr)]

    def suspects(self, errors):
        """Mutant id -> a unit with an error where the mutant's texts may be."""
        result = {}
        for unit, file, line, message in errors:
            if file in self.planted:
                lines = (self.path / file).read_text().splitlines()
                near = FUNCTION if "does not return" in message else NEAR  # that one is reported where the function ends
                for name in NUMBER.findall("\n".join(lines[max(0, line - near):line])):
                    result.setdefault(name, unit)
        return result


def refused(root, hand_written, mutants):
    """Mutant id -> the compiler's message, for those of `mutants` that do not compile."""
    copy = Copy(root, hand_written)
    result = {}
    while True:
        left = [mutant for mutant in mutants if mutant["id"] not in result]
        errors = copy.errors(left, copy.units)
        if not errors:
            return result
        suspects = copy.suspects(errors)
        alone = {m["id"]: copy.errors([m], [suspects[m["id"]]]) for m in left if m["id"] in suspects}
        guilty = {name: those[0][3] for name, those in alone.items() if those}
        if not guilty:
            raise RuntimeError(f"no single mutant is to blame for: {errors[:10]}")
        result |= guilty
