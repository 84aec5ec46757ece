# SPDX-License-Identifier: BSL-1.0
"""SYNTACTIC.md, the committed table of the syntactic mutants, and what their catalogues learn from a run."""

import pathlib
import sys

import table

HERE = pathlib.Path(__file__).resolve().parent
PATH = HERE / "SYNTACTIC.md"
sys.path.insert(0, str(HERE / "syntactic"))

import counts  # noqa: E402
import entries  # noqa: E402
import plant  # noqa: E402
import sample  # noqa: E402

SECTIONS = {"equivalent": "Equivalent: nothing can tell", "unseen": "Unseen: a fault that no suite provokes yet"}
NOTHING = "nothing; see above"


def learn(verdicts):
    """Writes into the syntactic catalogues who has killed what."""
    by_id = {verdict.mutant["id"]: verdict for verdict in verdicts}
    for path in table.syntactic_catalogues():
        mutants, _ = plant.load([path])
        for mutant in mutants:
            verdict = by_id.get(mutant["id"])
            if verdict is None or verdict.expected:
                continue
            for name in ("killed_by", "under"):
                mutant.pop(name, None)
            if verdict.suite is not None:
                mutant["killed_by"] = verdict.suite
                mutant.pop("unseen", None)  # now it is; an argument that proved wrong is for whoever made it to look at
            if verdict.variant not in (None, "plain"):
                mutant["under"] = verdict.variant
        header = path.read_text().partition("\n\n")[0]
        path.write_text(entries.written(mutants, header))


def folder_of(mutant):
    return counts.folder_of(mutant["edit"][0]["file"])


def cross_table(first, rows, columns, cell):
    lines = [f"| {first} | {' | '.join(f'`{column}/`' for column in columns)} | all |", "|---|" + "---|" * (len(columns) + 1)]
    for row in rows:
        lines.append(f"| {row} | {' | '.join(cell(row, [column]) for column in columns)} | {cell(row, columns)} |")
    lines.append(f"| all | {' | '.join(cell(None, [column]) for column in columns)} | {cell(None, columns)} |")
    return lines


def killed_of(verdicts, kind, folders):
    those = [v for v in verdicts if folder_of(v.mutant) in folders and kind in (None, v.mutant["kind"])]
    killed = sum(v.suite is not None for v in those)
    return f"{killed} of {len(those)}" if those else ""


def count_of(rows, row, folders):
    return str(sum(rows[name].get(folder, 0) for name in ([row] if row else rows) for folder in folders))


def survivors(verdicts, kind):
    lines = ["", f"## {SECTIONS[kind]}", "", "| mutant | what is wrong | why |", "|---|---|---|"]
    return lines + [f"| `{v.mutant['id']}` | {v.mutant['what']} | {v.mutant[kind]} |" for v in verdicts if kind in v.mutant and v.suite is None]


def summary_of(verdicts):
    killed = sum(v.suite is not None for v in verdicts)
    equivalent = sum("equivalent" in v.mutant and v.suite is None for v in verdicts)
    hung = sum("hangs" in (v.killer or "") for v in verdicts)
    share = 100 * killed / (len(verdicts) - equivalent)
    return (f"{killed} of {len(verdicts)} killed, {hung} of them because a suite did not end in time (*hangs*). {equivalent} are argued to be "
            f"equivalent: {share:.1f} % of the others are killed. Each survivor has its reason below.")


def text_of(verdicts, seed):
    sites = counts.load()
    passed_over = counts.tally((one["why"], one["folder"]) for one in sites["passed_over"])
    kinds = sorted({v.mutant["kind"] for v in verdicts})
    folders = sorted({folder_of(v.mutant) for v in verdicts})
    lines = [
        "# Syntactic mutants, and what killed them",
        "",
        f"Written by `{table.COMMAND}`; do not edit. {summary_of(verdicts)}",
        "",
        "## Killed, by kind and folder", "",
        *cross_table("kind", kinds, folders, lambda kind, those: killed_of(verdicts, kind, those)),
        "",
        f"## The sites that were sampled from, with the seed `{seed}`", "",
        *cross_table("kind", sorted(sites["can_be_planted"]), folders, lambda *what: count_of(sites["can_be_planted"], *what)),
        "",
        "Sites that cannot be planted behind a switch, and are not sampled; and drawn ones that were passed over for the next:", "",
        *cross_table("kind: why not", sorted(sites["cannot_be_planted"]), folders, lambda *what: count_of(sites["cannot_be_planted"], *what)),
        "",
        *cross_table("passed over", sorted(passed_over), folders, lambda *what: count_of(passed_over, *what)),
        "",
        f"What is given to `assert` ({sites['assertions']} assertions) is no site: it is a check.",
        *survivors(verdicts, "equivalent"),
        *survivors(verdicts, "unseen"),
        "",
        "## All", "",
        "| mutant | what is wrong | killed by | seconds |", "|---|---|---|---|",
        *(f"| `{v.mutant['id']}` | {v.mutant['what']} | {killer_of(v)} | {v.seconds:.1f} |" for v in verdicts),
    ]
    return "\n".join(lines) + "\n"


def killer_of(verdict):
    return verdict.killer or (table.SURVIVED if verdict.survived_unexpectedly else NOTHING)


def write(verdicts):
    PATH.write_text(text_of(verdicts, sample.SEED))


def listed(text):
    """The mutants that the table lists, in order."""
    return table.listed(text.partition("\n## All\n")[2])
