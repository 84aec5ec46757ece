#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Finds coroutine code that g++-12 is known to miscompile, in all C++ sources: more than one co_await in a full expression; a co_await
inside ?:, && or ||; a lambda that owns something by an init-capture, as a temporary beside a co_await (it is copied bitwise and
destroyed twice); a std::initializer_list as the parameter of a coroutine. Text, not a parser: a statement is what lies between
`;`, `{` and `}`, outside of comments and literals. Prints file:line for each; exit status 1 if there is any."""

import pathlib
import re
import sys

FOLDERS = ("include", "ref", "fast", "spec", "tests", "bench", "fuzz", "examples")


def bare(text):
    """The text with comments and literals blanked, line breaks kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def hazards(text):
    """Pairs of line and what is wrong there."""
    text = bare(text)
    for match in re.finditer(r"[^;{}]+", text):
        statement = match.group()
        awaits = len(re.findall(r"\bco_await\b", statement)) - len(re.findall(r"\boperator co_await\b", statement))
        line = text.count("\n", 0, match.start() + len(statement) - len(statement.lstrip())) + 1
        if awaits > 1:
            yield line, "more than one co_await in an expression"
        if awaits and re.search(r"\?(?!\?)|&&(?=\s*[\w(!])|\|\|", statement.split("co_await", 1)[-1] + statement.split("co_await", 1)[0].rsplit(",", 1)[-1]):
            yield line, "co_await in an expression with ?:, && or ||"
        if awaits and re.search(r"\bco_await\b.*\[[^\]]*\w\s*=[^\]]*\]\s*\(", statement, re.S):
            yield line, "a lambda that owns something, as a temporary beside a co_await"
        if re.search(r"\btask<[^;]*\([^)]*initializer_list", statement):
            yield line, "an initializer_list as a coroutine's parameter"


def main(arguments):
    root = pathlib.Path(__file__).resolve().parent.parent
    files = [pathlib.Path(a) for a in arguments] or [
        f for folder in FOLDERS for f in sorted((root / folder).rglob("*.[ch]pp"))]
    found = [f"{f}:{line}: {what}" for f in files for line, what in hazards(f.read_text())]
    print("\n".join(found) or f"no coroutine hazards in {len(files)} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
