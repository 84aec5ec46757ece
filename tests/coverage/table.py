# SPDX-License-Identifier: BSL-1.0
"""The committed table, COVERAGE.md, which `run` writes and coverage_test.py holds against gaps.toml."""

import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
PATH = HERE / "COVERAGE.md"
COMMAND = "tests/coverage/run"
HEADS = ("lines", "functions", "branches", "MC/DC")
GAP_ROW = re.compile(r"^\| `([^`]+)` \| `(.+)` \| (true|false|entered) \| (.+) \|$", re.MULTILINE)


def figures(file):
    """(covered, total) for each of HEADS."""
    sides = [count for counts in file.branches.values() for count in counts]
    conditions = [seen for decision in file.decisions.values() for seen in decision.values()]
    bodies = (file.functions | file.handlers).values()
    return [(sum(map(bool, those)), len(those)) for those in (file.lines.values(), bodies, sides, conditions)]


def total(files):
    every = [figures(file) for file in files]
    return [(sum(covered for covered, _ in column), sum(of for _, of in column)) for column in zip(*every)]


def rows(files, strict):
    """(name, figures) of each file, with a sum behind each folder."""
    folders = {}
    for name, file in files.items():
        folders.setdefault(name.rpartition("/")[0] + "/", {})[name] = file
    for folder in sorted(folders, key=lambda folder: (folder not in strict, folder)):
        yield from ((name, figures(file)) for name, file in folders[folder].items())
        yield folder, total(folders[folder].values())


def cell(figure):
    covered, of = figure
    return f"{covered}/{of}" if of else ""


def printed(files, strict):
    """For a terminal."""
    lines = [f"{'':34}" + "".join(f"{head:>12}" for head in HEADS)]
    for name, those in rows(files, strict):
        lines.append(f"{name:34}" + "".join(f"{cell(figure):>12}" for figure in those))
    return "\n".join(lines)


def code(text):
    return "`" + " ".join(text.split()).replace("|", "\\|") + "`"


def gap_row(gap):
    return f"| `{gap.file}` | {code(gap.text)} | {gap.never} | {gap.why} |"


def text_of(files, gaps, strict):
    lines = [
        "# Coverage", "",
        f"Written by `{COMMAND}`; do not edit. [README.md](README.md) says what is counted. Covered and total:", "",
        f"| file | {' | '.join(HEADS)} |", "|---|---:|---:|---:|---:|",
    ]
    for name, those in rows(files, strict):
        name = f"**{name}**" if name.endswith("/") else name
        lines.append(f"| {name} | {' | '.join(map(cell, those))} |")
    lines += ["", "## What is not covered, and why", "", "| file | what | is never | why |", "|---|---|---|---|"]
    lines += map(gap_row, gaps)
    lines += ["", f"## Conditions of {' and '.join(strict)} that were not seen to decide alone", "",
              "| file | condition | of the decision |", "|---|---|---|"]
    for name, file in files.items():
        if name.startswith(strict):
            lines += [f"| {name} | {code(file.source.text_of(condition))} | {code(file.source.text_of(decision))} |"
                      for decision, condition in file.undecided()]
    return "\n".join(lines) + "\n"


def listed(text):
    """The rows of gaps that a table has."""
    return [match[0] for match in GAP_ROW.finditer(text)]
