#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""count.py PROGRAM: the instructions that each operation takes, beside its goal and its budget.

Each operation is run under callgrind for two counts; the difference is what the additional ones took, whatever start and end cost.
Fails if an operation takes more than its budget (budgets.toml), and says which.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).parent
FEW, MORE = 64_000, 128_000  # multiples of 64 tasks and of 1000 children


def total(program, operation, count):
    """All instructions of one run."""
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, operation, str(count)],
                         capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{operation} {count} failed:\n{run.stdout}{run.stderr}")
    return int(re.search(r"Collected : (\d+)", run.stderr)[1])


def each(program, operation):
    """What one operation takes: the mean over MORE - FEW of them."""
    return (total(program, operation, MORE) - total(program, operation, FEW)) / (MORE - FEW)


def main(program):
    budgets = tomllib.loads((HERE / "budgets.toml").read_text())
    known = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    counting = [name for name in known if not name.startswith("raw_")]
    if sorted(counting) != sorted(budgets):
        sys.exit(f"budgets.toml and {program} differ in: {', '.join(sorted(set(counting) ^ set(budgets)))}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = dict(zip(known, pool.map(lambda operation: each(program, operation), known)))
    print(f"{'instructions of':<16}{'raw':>8}{'counted':>9}{'budget':>8}{'goal':>6}")
    for name, limits in budgets.items():
        raw = counted.get("raw_" + name)
        print(f"{name:<16}{'-' if raw is None else f'{raw:.1f}':>8}{counted[name]:>9.1f}{limits['budget']:>8}{limits['goal']:>6}")
    over = [name for name, limits in budgets.items() if counted[name] > limits["budget"]]
    for name in over:
        print(f"{name} is over its budget: {counted[name]:.1f} instructions, and {budgets[name]['budget']} are allowed")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
