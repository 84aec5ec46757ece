#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The table of properties, TABLE.md: which fault each of them catches that no other does.

    table.py          plant the mutants of tests/mutants/rules.toml, run every property under each of them, and write the table.
                      Fails if a property has no mutant of its own
    table.py --check  what can be told without building: TABLE.md has a row for each property, with a mutant of the catalogue
"""

import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MUTANTS = ROOT / "tests" / "mutants"
CATALOGUE = MUTANTS / "rules.toml"
TABLE = HERE / "TABLE.md"
MATRIX = ROOT / "build" / "mutants" / "matrix_property_test.json"

sys.path.insert(0, str(MUTANTS))
import plant  # noqa: E402

# The promises follow from the rules, so that the fault of a rule may break them, too. Two of them are the property of a rule.
PROMISES = {"never_blocks": "WAIT-1", "a_ready_task_runs_within_one_round": "READY-2", "all_tasks_complete": None}
PROPERTY = re.compile(r'\{"([A-Z]+-\d+)",\s*"(\w+)",')
ROW = re.compile(r"^\| (\S+) \| `(\w+)` \| `(\S+)` \|", re.MULTILINE)


def properties():
    """name: rule."""
    found = {name: rule for rule, name in PROPERTY.findall((HERE / "table.cpp").read_text())}
    return found | {name: rule for name, rule in PROMISES.items() if rule}


def mutants():
    return plant.load([CATALOGUE])[0]


def rows(matrix):
    """(rule, property, mutant, others that fail) in the catalogue's order."""
    named = properties()
    for mutant in mutants():
        rule, = mutant["rules"]
        failing = dict.fromkeys(test.split(".")[0] for test in matrix[mutant["id"]])
        own = [name for name, of in named.items() if of == rule]
        yield rule, own[0] if own else None, mutant, own and own[0] in failing, [name for name in failing if name not in own]


def write(matrix):
    lines = ["# Properties, and the fault that each catches", "",
             "Written by `tests/properties/table.py`; do not edit. Each property fails under its mutant, and no other property does, but",
             "for a promise that follows from the rule.", "",
             "| rule | property | mutant | what is wrong | promises that break with it |", "|---|---|---|---|---|"]
    faults = []
    for rule, name, mutant, sees, others in rows(matrix):
        if not sees:
            faults.append(f"{mutant['id']}: {name} does not see it")
        strangers = [other for other in others if other not in PROMISES]
        if strangers:
            faults.append(f"{mutant['id']}: is seen by {', '.join(strangers)} as well")
        lines.append(f"| {rule} | `{name}` | `{mutant['id']}` | {mutant['what']} | {', '.join(f'`{o}`' for o in others)} |")
    TABLE.write_text("\n".join(lines) + "\n")
    return faults


def check():
    table = ROW.findall(TABLE.read_text())
    known = {mutant["id"]: mutant["rules"] for mutant in mutants()}
    faults = [f"{name} has no row" for name in properties() if name not in [row[1] for row in table]]
    faults += [f"{row[1]}: there is no such property of {row[0]}" for row in table if properties().get(row[1]) != row[0]]
    faults += [f"{row[2]}: no mutant of {row[0]} in {CATALOGUE.name}" for row in table if known.get(row[2]) != [row[0]]]
    try:
        plant.planted_files(mutants(), ROOT)
    except plant.CatalogueError as error:
        faults.append(str(error))
    return faults


def main():
    if sys.argv[1:] == ["--check"]:
        faults = check()
    else:
        chosen = [mutant["id"] for mutant in mutants()]
        subprocess.run([str(MUTANTS / "run"), "--matrix", "property_test", "--catalogue", str(CATALOGUE), *chosen], check=True)
        faults = write(json.loads(MATRIX.read_text())["mutants"])
    print("\n".join(faults) if faults else "every property catches a fault that no other does")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
