#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Counts what ran, case by case, for ./dev.

  tally.py ctest JUNIT FOLDER    JUNIT is what `ctest --output-junit` wrote; FOLDER holds the JSON reports of the GoogleTest programs
  tally.py unittest FOLDER       runs the *_test.py files of FOLDER; what they were also goes into the file that $TALLY_REPORT
                                 names, in the form of GoogleTest's reports, so that `tally.py ctest` can count them

Prints one line `PASSED FAILED SKIPPED` on standard output; the names of what failed or was skipped, and what tests recorded, go to standard error.
"""
import json
import os
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


class Result(unittest.TextTestResult):
    """Also keeps what passed; a set-up that failed is a failed case of its own."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.outcomes = {"passed": [], "failed": [], "skipped": []}

    def addSuccess(self, test):
        super().addSuccess(test)
        self.outcomes["passed"].append(test.id())

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcomes["skipped"].append(test.id())
        say("skipped", f"{test}: {reason}")

    def stopTestRun(self):
        super().stopTestRun()
        bad = [test for test, _ in self.failures + self.errors] + self.unexpectedSuccesses
        self.outcomes["failed"] = list(dict.fromkeys(test.id() for test in bad))  # one that fails in subtests, too, is one
        for test in self.outcomes["failed"]:
            say("failed", test)


def google_report(outcomes):
    """What GoogleTest would write."""
    more = {"passed": {"result": "COMPLETED"}, "failed": {"result": "COMPLETED", "failures": [{}]}, "skipped": {"result": "SKIPPED"}}
    cases = [{"name": name, **more[outcome]} for outcome, names in outcomes.items() for name in names]
    return json.dumps({"testsuites": [{"name": "unittest", "testsuite": cases}]})


def count_unittest(folder):
    suite = unittest.defaultTestLoader.discover(folder, pattern="*_test.py")
    outcomes = unittest.TextTestRunner(stream=sys.stderr, resultclass=Result).run(suite).outcomes
    if report := os.environ.get("TALLY_REPORT"):
        Path(report).parent.mkdir(parents=True, exist_ok=True)
        Path(report).write_text(google_report(outcomes))
    return {outcome: len(names) for outcome, names in outcomes.items()}


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
