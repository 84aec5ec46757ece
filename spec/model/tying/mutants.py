# SPDX-License-Identifier: BSL-1.0
"""Loops that are broken on purpose (tests/mutants): those whose traces are others, and what the model says of these."""
import importlib.machinery
import importlib.util
import os
import subprocess
import sys

from .loops import ROOT, TARGET

FOLDER = ROOT / "tests" / "mutants"
HANG = 20  # seconds for all traces, which take less than one


def _machinery():
    """The program that plants and builds mutants, as a module."""
    sys.path.insert(0, str(FOLDER))
    loader = importlib.machinery.SourceFileLoader("mutants_run", str(FOLDER / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Mutants:
    def __init__(self):
        """Builds all into one program."""
        run = _machinery()
        self.all, _ = run.plant.load(run.table.catalogues())
        run.copy_with(run.plant.planted_files(self.all, ROOT))
        if not run.build("plain", [TARGET]):
            raise RuntimeError("the loops with all mutants do not build")
        self.program = run.program(TARGET, "plain")

    def traces(self, mutant, who, scenarios):
        """The traces of a mutant, as far as it comes: it may die, hang, or write what is no trace."""
        environment = {**os.environ, "GALLEY_MUTANT": mutant}
        try:
            done = subprocess.run([self.program, "run", who], input="".join(line + "\n" for line in scenarios), text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, timeout=HANG,
                                  check=False)
        except subprocess.TimeoutExpired:
            return []
        return done.stdout.split("\n\n")[:-1]
