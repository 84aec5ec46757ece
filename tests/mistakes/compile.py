#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""compile.py SOURCE COMPILER ARGUMENTS...: a mistake that the compiler tells. Its second line, `// says: TEXT`, is what it must read in
the compiler's output, which must be an error; the same source with MENDED defined must compile without a word.
"""

import pathlib
import subprocess
import sys


def compiled(command):
    run = subprocess.run(command, capture_output=True, text=True)
    return run.returncode == 0, run.stdout + run.stderr


def main(source, command):
    says = pathlib.Path(source).read_text().splitlines()[1].removeprefix("// says: ")
    command = [*command, "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsyntax-only", source]
    right, words = compiled([*command, "-DMENDED"])
    if not right or words:
        sys.exit(f"mended, it should compile without a word:\n{words}")
    wrong, words = compiled(command)
    if wrong:
        sys.exit("the mistake compiles")
    if says not in words.replace("’", "'"):
        sys.exit(f"the compiler does not say '{says}':\n{words}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
