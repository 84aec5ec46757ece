# SPDX-License-Identifier: BSL-1.0
"""How many sites there are, of each kind in each folder, and how many of them cannot be planted, and why: sites.toml."""

import pathlib
import tomllib

PATH = pathlib.Path(__file__).resolve().parent / "sites.toml"
HEADER = """\
# SPDX-License-Identifier: BSL-1.0
# Written by tests/mutants/syntactic/refresh; do not edit. All sites; [can_be_planted] are those that are sampled from."""


def folder_of(file):
    return file.rpartition("/")[0]


def tally(pairs):
    result = {}
    for name, folder in pairs:
        result.setdefault(name, {}).setdefault(folder, 0)
        result[name][folder] += 1
    return result


def write(sites, assertions, passed_over):
    """`passed_over`: of what was drawn and not taken, the key, the folder and why."""
    tables = {
        "can_be_planted": tally((site.kind, folder_of(site.file)) for site in sites if site.no is None),
        "cannot_be_planted": tally((f"{site.kind}: {site.no}", folder_of(site.file)) for site in sites if site.no is not None),
    }
    lines = [HEADER, f"assertions = {assertions}  # whose arguments are no sites"]
    for name, rows in tables.items():
        lines += ["", f"[{name}]"]
        lines += [f'"{row}" = {{ ' + ", ".join(f'"{folder}" = {n}' for folder, n in sorted(rows[row].items())) + " }" for row in sorted(rows)]
    for one in passed_over:
        lines += ["", "[[passed_over]]"] + [f'{name} = "{one[name]}"' for name in ("key", "folder", "why")]
    PATH.write_text("\n".join(lines) + "\n")


def passed_over():
    return load().get("passed_over", []) if PATH.exists() else []


def load():
    return tomllib.loads(PATH.read_text())
