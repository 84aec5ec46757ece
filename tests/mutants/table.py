# SPDX-License-Identifier: BSL-1.0
"""The committed table of mutants: TABLE.md, which `./dev mutants` writes and mutants_test.py holds against the catalogue."""

import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
PATH = HERE / "TABLE.md"
COMMAND = "./dev mutants"
SURVIVED = "**nothing**"
FAULT_ROW = re.compile(r"^\| ([A-Z]\d+) \|", re.MULTILINE)
MUTANT_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def catalogues():
    return sorted((HERE / "catalogue").glob("*.toml"))


def syntactic_catalogues():
    return sorted((HERE / "syntactic" / "catalogue").glob("*.toml"))


def faults():
    """The faults of faults.md, in its order."""
    return FAULT_ROW.findall((HERE / "faults.md").read_text())


def files_of(mutant):
    return ", ".join(dict.fromkeys(f"`{edit['file']}`" for edit in mutant["edit"]))


def row_of(v):
    m = v.mutant
    return f"| `{m['id']}` | {m.get('fault', '')} | {m['what']} | {files_of(m)} | {v.killer or SURVIVED} |"


def rows_in(text):
    """The line of each mutant that a table lists."""
    return {MUTANT_ROW.match(line)[1]: line for line in text.splitlines() if MUTANT_ROW.match(line)}


def text_of(rows, unexpressed):
    lines = [
        "# Mutants, and what killed them",
        "",
        f"Written by `{COMMAND}`; do not edit. The killer is the first test that failed; a test that *dies* took its program with it, "
        "one that *hangs* did not end in time. Faults are those of [faults.md](faults.md).",
        "",
        "| mutant | fault | what is wrong | planted in | killed by |",
        "|---|---|---|---|---|",
    ]
    lines += rows
    lines += ["", "## Faults without a mutant", "", "| fault | why |", "|---|---|"]
    lines += [f"| {u['fault']} | {u['why']} |" for u in unexpressed]
    return "\n".join(lines) + "\n"


def write(verdicts, mutants, unexpressed):
    """The verdicts may be of a few of the mutants: the others' rows stay, and one that never had a verdict has none."""
    rows = rows_in(PATH.read_text()) | {v.mutant["id"]: row_of(v) for v in verdicts}
    PATH.write_text(text_of([rows[m["id"]] for m in mutants if m["id"] in rows], unexpressed))


def listed(text):
    """The mutants that a table lists, in order."""
    return MUTANT_ROW.findall(text)
