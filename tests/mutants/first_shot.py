# SPDX-License-Identifier: BSL-1.0
"""FIRST_SHOTS.md: what the suites said of samples that nobody had seen before. A section is written once, by `./dev mutants --fresh SEED`;
a person then fills in what became of each survivor."""

import pathlib
import re
import subprocess
import sys

import building
import table

HERE = pathlib.Path(__file__).resolve().parent
PATH = HERE / "FIRST_SHOTS.md"
SEED = re.compile(r"^## Seed `([^`]+)`", re.MULTILINE)
ROW = re.compile(r"^\| `([^`]+)` \|.*\| *([^|]*?) *\|$", re.MULTILINE)


def draw(seed):
    """Samples with this seed; returns the catalogues."""
    folder = building.OUTPUT / "fresh" / re.sub(r"\W+", "_", seed)
    subprocess.run([sys.executable, HERE / "syntactic" / "refresh", "--seed", seed, "--into", folder], check=True)
    return sorted(folder.glob("*.toml"))


def seeds():
    """Those that were shot already."""
    return SEED.findall(PATH.read_text())


def without_end():
    """Survivors of which nobody has said what became of them."""
    return [name for name, became in ROW.findall(PATH.read_text()) if not became]


def section(seed, verdicts):
    survivors = [v for v in verdicts if v.suite is None]
    killed = len(verdicts) - len(survivors)
    lines = [
        f"## Seed `{seed}`", "",
        f"{killed} of {len(verdicts)} killed at first sight: {100 * killed / len(verdicts):.1f} %, before it was known which of the others "
        "are equivalent.", "",
        "| survivor | what is wrong | what became of it |", "|---|---|---|",
        *(f"| `{v.mutant['id']}` | {v.mutant['what']} | |" for v in survivors),
    ]
    return "\n".join(lines) + "\n"


def record(seed, verdicts):
    PATH.write_text(PATH.read_text() + "\n" + section(seed, verdicts))
    print(f"written: {PATH.relative_to(building.ROOT)}; it wants to know what becomes of each survivor")
