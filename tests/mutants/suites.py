# SPDX-License-Identifier: BSL-1.0
"""Runs GoogleTest programs under a mutant, and says which tests failed."""

import contextlib
import math
import os
import pathlib
import re
import signal
import struct
import subprocess
import tempfile
import threading
import time

# A suite hangs if it is still running after this long, which is longer than the tests' own limits for waits that never end (20 s),
# and after so many times what it takes as it is. One that spins is noticed by the processor time that it takes, which other work on
# the machine does not change.
HANG_SECONDS = 40
HANG_CPU_SECONDS = 8
HANG_FACTOR = 10
MEMORY = 6 << 30  # bytes of address space, as some mutants would take all there is; not for sanitizers, which take more
REACH_SLOTS = 4096  # as in mutant_switch.hpp
# Everything that is random gets one seed, so that a verdict comes again; the deepest exhaustion is not needed to see a fault.
SETTINGS = {"RC_PARAMS": "seed=1 max_success=500", "GALLEY_EXHAUST": "3", "ASAN_OPTIONS": "detect_leaks=1"}

STARTED = re.compile(r"^\[ RUN      \] (\S+)", re.MULTILINE)
FINISHED = re.compile(r"^\[ +(?:OK|SKIPPED) +\] (\S+)", re.MULTILINE)
FAILED = re.compile(r"^\[  FAILED  \] ([\w/]+\.[\w/]+)", re.MULTILINE)


class Outcome:
    """What one run of a program came to: `failed` (names of tests, in order), `how` it ended (passes, fails, dies, hangs), and the
    `text` that it printed until then, and the numbers of the mutants that it `reached`, if it was asked."""

    def __init__(self, failed, how, usage, text, reached=frozenset()):
        self.failed, self.how, self.usage, self.text, self.reached = failed, how, usage, text, reached

    @property
    def killed(self):
        return self.how != "passes"


class Limits:
    """How long a run may take by the clock and of the processor, in seconds, and how much memory."""

    def __init__(self, seconds=HANG_SECONDS, cpu_seconds=None, memory=None):
        self.seconds, self.cpu_seconds, self.memory = seconds, cpu_seconds, memory

    @classmethod
    def after(cls, usual, memory):
        """For a suite that took `usual` as it is."""
        return cls(max(HANG_SECONDS, HANG_FACTOR * usual.seconds), math.ceil(max(HANG_CPU_SECONDS, HANG_FACTOR * usual.cpu_seconds)), memory)

    def command(self):
        options = ["--core=0"]
        if self.cpu_seconds:
            options.append(f"--cpu={self.cpu_seconds}:{self.cpu_seconds + 1}")
        if self.memory:
            options.append(f"--as={self.memory}")
        return ["prlimit", *options]


class Usage:
    """What one run took."""

    def __init__(self, seconds, cpu_seconds):
        self.seconds, self.cpu_seconds = seconds, cpu_seconds


running = set()  # process groups


def kill(group):
    """With the children of death tests; the group is the program's own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def kill_all():
    for group in list(running):
        kill(group)


def names(pattern, output):
    return list(dict.fromkeys(pattern.findall(output)))


def run_and_see_what_is_reached(program, limits):
    """The sources as they are."""
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "reached"
        table.write_bytes(bytes(8 * REACH_SLOTS))
        outcome = run(program, None, limits, environment={"GALLEY_MUTANT_REACHED": str(table)})
        outcome.reached = frozenset(struct.unpack(f"{REACH_SLOTS}Q", table.read_bytes())) - {0}
    return outcome


def run(program, mutant, limits=Limits(), arguments=("--gtest_fail_fast",), environment=None):
    """`mutant` None: the sources as they are."""
    environment = {**os.environ, **SETTINGS, **(environment or {})}
    environment.pop("GALLEY_MUTANT", None)
    if mutant is not None:
        environment["GALLEY_MUTANT"] = mutant
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([*limits.command(), str(program), *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        running.add(process.pid)
        too_long = threading.Timer(limits.seconds, kill, (process.pid,))
        too_long.start()
        _, status, used = os.wait4(process.pid, 0)
        is_too_long = not too_long.is_alive()
        too_long.cancel()
        kill(process.pid)  # what it may have left behind
        running.discard(process.pid)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    usage = Usage(time.monotonic() - start, used.ru_utime + used.ru_stime)
    how = {0: "passes", 1: "fails"}.get(process.returncode, "dies")
    if process.returncode == -signal.SIGXCPU or (is_too_long and process.returncode == -signal.SIGKILL):
        how = "hangs"
    failed = names(FAILED, text)
    unfinished = [name for name in names(STARTED, text) if name not in names(FINISHED, text) and name not in failed]
    if unfinished and how == "fails":
        how = "dies"  # a sanitizer's exit
    failed += unfinished[-1:]
    return Outcome(failed, how, usage, text)


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


def run_every_test(program, mutant, limits=Limits()):
    """Test name -> how it ended, for the tests that did not pass; one that dies or hangs does not keep those behind it from running."""
    result = {}
    left = tests_of(program)
    while left:
        outcome = run(program, mutant, limits, ("--gtest_filter=" + ":".join(left),))
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
