# SPDX-License-Identifier: BSL-1.0
"""From a model to the C program that checks it."""

import subprocess

# Spin has its models preprocessed by gcc unless it is told otherwise; what compiles the checkers can do that as well.
PREPROCESSOR = "clang-19 -std=gnu99 -E -x c"


def generate(model, place, *options):
    """Leaves the program, pan.c, in the folder `place`. Raises RuntimeError with what Spin says if it objects to the model."""
    place.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["spin", f"-P{PREPROCESSOR}", *options, "-a", model], cwd=place, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode:
        raise RuntimeError(f"spin: {made.stdout}")
