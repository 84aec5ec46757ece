# SPDX-License-Identifier: BSL-1.0
"""Runs GoogleTest programs under a mutant, and says which tests failed."""

import os
import re
import signal
import subprocess
import time

# A suite hangs if it is still running after this long, which is longer than the tests' own limits for waits that never end (20 s),
# and after so many times what it takes as it is.
HANG_SECONDS = 40
HANG_FACTOR = 10
# Everything that is random gets one seed, so that a verdict comes again; the deepest exhaustion is not needed to see a fault.
SETTINGS = {"RC_PARAMS": "seed=1 max_success=500", "GALLEY_EXHAUST": "3", "ASAN_OPTIONS": "detect_leaks=1"}

STARTED = re.compile(r"^\[ RUN      \] (\S+)", re.MULTILINE)
FINISHED = re.compile(r"^\[ +(?:OK|SKIPPED) +\] (\S+)", re.MULTILINE)
FAILED = re.compile(r"^\[  FAILED  \] ([\w/]+\.[\w/]+)", re.MULTILINE)


class Outcome:
    """What one run of a program came to: `failed` (names of tests, in order), and `how` it ended: passes, fails, dies, hangs."""

    def __init__(self, failed, how, seconds):
        self.failed, self.how, self.seconds = failed, how, seconds

    @property
    def killed(self):
        return self.how != "passes"


def hang_limit(usual_seconds):
    return max(HANG_SECONDS, HANG_FACTOR * usual_seconds)


running = set()  # process groups


def kill_all():
    for group in list(running):
        os.killpg(group, signal.SIGKILL)


def names(pattern, output):
    return list(dict.fromkeys(pattern.findall(output)))


def run(program, mutant, limit=HANG_SECONDS, arguments=("--gtest_fail_fast",)):
    """`mutant` None: the sources as they are."""
    environment = {**os.environ, **SETTINGS}
    environment.pop("GALLEY_MUTANT", None)
    if mutant is not None:
        environment["GALLEY_MUTANT"] = mutant
    start = time.monotonic()
    process = subprocess.Popen([str(program), *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    running.add(process.pid)
    try:
        output, _ = process.communicate(timeout=limit)
        how = {0: "passes", 1: "fails"}.get(process.returncode, "dies")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with the children of death tests; the group is this process's own
        output, _ = process.communicate()
        how = "hangs"
    running.discard(process.pid)
    text = output.decode(errors="replace")
    failed = names(FAILED, text)
    unfinished = [name for name in names(STARTED, text) if name not in names(FINISHED, text) and name not in failed]
    if unfinished and how == "fails":
        how = "dies"  # a sanitizer's exit
    failed += unfinished[-1:]
    return Outcome(failed, how, time.monotonic() - start)


def output_of(program, mutant, arguments, limit=HANG_SECONDS):
    """What a program that is no suite printed until it ended, in whatever way, or was stopped."""
    environment = {**os.environ, **SETTINGS} | ({"GALLEY_MUTANT": mutant} if mutant else {})
    process = subprocess.Popen([str(program), *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    running.add(process.pid)
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    running.discard(process.pid)
    return output.decode(errors="replace")


def tests_of(program):
    listed = subprocess.run([str(program), "--gtest_list_tests"], check=True, capture_output=True, text=True).stdout
    tests, suite = [], ""
    for line in listed.splitlines():
        name = line.split("#")[0].strip()
        if line.startswith("  "):
            tests.append(suite + name)
        elif name.endswith("."):
            suite = name
    return tests


def run_every_test(program, mutant, limit=HANG_SECONDS):
    """Test name -> how it ended, for the tests that did not pass; one that dies or hangs does not keep those behind it from running."""
    result = {}
    left = tests_of(program)
    while left:
        outcome = run(program, mutant, limit, ("--gtest_filter=" + ":".join(left),))
        for test in outcome.failed:
            result[test] = "fails"
        if outcome.how in ("passes", "fails"):
            return result
        if not outcome.failed:
            raise RuntimeError(f"{program} {outcome.how} outside its tests under {mutant}")
        last = outcome.failed[-1]
        result[last] = outcome.how
        left = left[left.index(last) + 1:]
    return result
