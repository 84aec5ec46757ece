# SPDX-License-Identifier: BSL-1.0
"""The checker of loop.pml that is made with -DTIED: it follows traces, and tells behaviours."""
import os
import re
import subprocess
import tempfile

from .alphabet import TASKS
from .events import MODEL, decode, encode

BUILD = MODEL.parent.parent / "build" / "model" / "tie"
DEPTH = 50_000  # of a path; one that is deeper is an error
HANG = 1800  # seconds until a run counts as failed
FLAGS = "-O1 -w -DSAFETY -DNOCLAIM -DNOREDUCE -DVECTORSZ=1024"  # no claims, and no choice of orders: one process

# What a trace may be of: as much as fits the model's variables.
FREE = "STEPS=250 MAY=255 DATA=255 STOPS=255 ROOTS=1 ONLY=none"


def build():
    BUILD.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["spin", "-DTIED", "-a", MODEL / "loop.pml"], cwd=BUILD, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode:
        raise RuntimeError(f"spin: {made.stdout}")
    subprocess.run(["clang-19", *FLAGS.split(), f"-I{MODEL}", "-o", "checker", "pan.c"], cwd=BUILD, check=True)


def start(settings, depth=DEPTH, **choice):
    """A run of the checker, to be read while it goes on."""
    environment = {"PATH": os.environ["PATH"], **dict(word.split("=") for word in settings.split()), **choice}
    return subprocess.Popen([BUILD / "checker", "-E", "-b", "-n", f"-m{depth}", "-w18"], text=True, cwd=BUILD,
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(run, out):
    """Raises unless the search was complete and found nothing wrong."""
    run.wait(HANG)
    if run.returncode or "errors: 0" not in out or "Search not completed" in out:
        raise RuntimeError("the checker went wrong: " + "\n".join(out.splitlines()[-30:]))


class Verdict:
    """Of a trace that was followed: accepted, or how far it was and what the model could have done there."""

    def __init__(self, accepted, furthest, offers):
        self.accepted, self.furthest, self.offers = accepted, furthest, offers


def follow(traces, settings, **choice):
    """The verdicts of traces (lists of events) of scenarios with the same settings."""
    with tempfile.NamedTemporaryFile("w", suffix=".events", dir=BUILD) as file:
        file.write("".join(encode(events) + "\n" for events in traces))
        file.flush()
        seen = [event for events in traces for event in events]
        far = max((longest for name, _, longest in seen if name == "sleep"), default=0)
        last = max((now for name, now, _ in seen if name == "sample"), default=0)
        run = start(f"{FREE} TASKS={TASKS} FAR={far} FREE={last + 1} {settings}", DEPTH + len(traces), FOLLOW=file.name, **choice)
        out = run.stdout.read()
    finish(run, out)
    verdicts = [None] * len(traces)
    for number, word, furthest, offers in re.findall(r"^followed (\d+) (\w+) (\d+)(.*)$", out, re.M):
        verdicts[int(number)] = Verdict(word == "accepted", int(furthest), offers)
    if None in verdicts:
        raise RuntimeError("the checker forgot a trace")
    return verdicts
