#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Runs the benchmarks and says what they came to. Other arguments go to Google Benchmark (--benchmark_filter=REGEX)."""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from report import figures, page, table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("program", help="galley_bench, built")
    parser.add_argument("--quick", action="store_true", help="few and short repetitions, without the largest workloads")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes medians, ratios and all repetitions")
    parser.add_argument("--page", type=Path, metavar="FILE", help="writes a page with plots")
    arguments, others = parser.parse_known_args()
    if any(word.startswith("--benchmark_list_tests") for word in others):
        return subprocess.run([arguments.program, *others], check=False).returncode
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        print("The repetitions of all benchmarks are interleaved; results come when all are there.", flush=True)
        code = subprocess.run([arguments.program, *(["--quick"] if arguments.quick else []), f"--benchmark_out={out}",
                               "--benchmark_out_format=json", *others], check=False).returncode
        try:
            run = figures.read(json.loads(out.read_text()))
        except (OSError, ValueError) as error:
            print(f"FAILED: the program left no results (exit status {code}): {error}", file=sys.stderr)
            return code or 1
    sys.stdout.write(table.text(run))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures.as_document(run), indent=1) + "\n")
    if arguments.page:
        arguments.page.write_text(page.page(run))
    return 0 if code == 0 and run.all_well else code or 1


if __name__ == "__main__":
    sys.exit(main())
