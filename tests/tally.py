#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Counts what ran, case by case, for ./dev.

  tally.py ctest JUNIT FOLDER    JUNIT is what `ctest --output-junit` wrote; FOLDER holds the JSON reports of the GoogleTest programs
  tally.py unittest FOLDER       runs the *_test.py files of FOLDER

Prints one line `PASSED FAILED SKIPPED` on standard output; the names of what failed or was skipped, and what tests recorded, go to standard error.
"""
import json
import sys
import unittest
import xml.etree.ElementTree
from pathlib import Path


# What GoogleTest itself says of a case; any other key was recorded by the test (RecordProperty), such as what it counted.
STANDARD_KEYS = {"name", "file", "line", "status", "result", "timestamp", "time", "classname", "failures", "skipped",
                 "type_param", "value_param"}


def say(what, name):
    print(f"  {what}: {name}", file=sys.stderr)


def google_cases(report):
    """Yields (name, 'passed' | 'failed' | 'skipped') for each case of one GoogleTest JSON report."""
    for suite in json.loads(report.read_text())["testsuites"]:
        for case in suite["testsuite"]:
            name = f"{suite['name']}.{case['name']}"
            for key in case.keys() - STANDARD_KEYS:
                say("counted", f"{name}: {key} {case[key]}")
            if case.get("failures"):
                yield name, "failed"
            elif case.get("result") == "COMPLETED":
                yield name, "passed"
            else:
                yield name, "skipped"


def program_cases(entry, report):
    """Yields the cases of one ctest entry: those of its report if it wrote one, else the entry itself."""
    name = entry.get("name")
    succeeded = entry.get("status") == "run"
    if entry.get("status") in ("notrun", "disabled"):
        # ctest calls a program that it could not find "notrun": it was wanted, and is missing.
        yield name, "skipped" if entry.get("status") == "disabled" else "failed"
        return
    cases = list(google_cases(report)) if report.exists() else []
    for case, outcome in cases:
        yield f"{name}: {case}", outcome
    if not cases or (not succeeded and all(outcome != "failed" for _, outcome in cases)):
        yield (name if succeeded else f"{name} (crashed, timed out or failed outside its cases)",
               "passed" if succeeded else "failed")


def count_ctest(junit, folder):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for entry in xml.etree.ElementTree.parse(junit).getroot().iter("testcase"):
        for name, outcome in program_cases(entry, Path(folder) / f"{entry.get('name')}.json"):
            counts[outcome] += 1
            if outcome != "passed":
                say(outcome, name)
    return counts


def count_unittest(folder):
    suite = unittest.defaultTestLoader.discover(folder, pattern="*_test.py")
    result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    bad = result.failures + result.errors + [(test, "") for test in result.unexpectedSuccesses]
    for test, _ in bad:
        say("failed", test)
    for test, reason in result.skipped:
        say("skipped", f"{test}: {reason}")
    # A failing set-up is an error without a test that ran: never let it make the sum negative.
    failed = len(bad)
    return {"passed": max(result.testsRun - failed - len(result.skipped), 0), "failed": failed, "skipped": len(result.skipped)}


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "ctest":
        counts = count_ctest(arguments[1], arguments[2])
    elif len(arguments) == 2 and arguments[0] == "unittest":
        counts = count_unittest(arguments[1])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    if sum(counts.values()) == 0:
        say("failed", "not one test was found")
        counts["failed"] = 1
    print(counts["passed"], counts["failed"], counts["skipped"])
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
