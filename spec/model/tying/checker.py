# SPDX-License-Identifier: BSL-1.0
"""Checkers that are made with -DTIED: they follow what was seen of the code, and tell what the model can do."""
import os
import re
import subprocess
import tempfile

import spin

from .events import MODEL

BUILD = MODEL.parent.parent / "build" / "model"
DEPTH = 50_000  # of a path; one that is deeper is an error
SHALLOW = 5_000  # where behaviours may go on for ever
HANG = 1800  # seconds until a run counts as failed
FLAGS = "-O1 -w -DSAFETY -DNOCLAIM -DNOREDUCE -DVECTORSZ=1024"  # no claims, and no choice of orders: one process


class Verdict:
    """Of a trace that was followed: accepted, or how far it was and what the model could have done there."""

    def __init__(self, accepted, furthest, offers):
        self.accepted, self.furthest, self.offers = accepted, furthest, offers


class Checker:
    def __init__(self, model, language):
        self.model, self.language = model, language
        self.place = BUILD / f"{model}_tied"

    def build(self):
        spin.generate(MODEL / f"{self.model}.pml", self.place, "-DTIED")
        subprocess.run(["clang-19", *FLAGS.split(), f"-I{MODEL}", "-o", "checker", "pan.c"], cwd=self.place, check=True)

    def start(self, settings, *flags, **choice):
        """A run, to be read while it goes on."""
        environment = {"PATH": os.environ["PATH"], **dict(word.split("=") for word in settings.split()), **choice}
        return subprocess.Popen([self.place / "checker", "-E", "-n", *flags], text=True, cwd=self.place,
                                env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    @staticmethod
    def finish(run, out):
        """Raises unless the search was complete and found nothing wrong."""
        run.wait(HANG)
        if run.returncode or "errors: 0" not in out or "Search not completed" in out:
            raise RuntimeError("the checker went wrong: " + "\n".join(out.splitlines()[-30:]))

    def follow(self, traces, settings, **choice):
        """The verdicts of traces, lists of events."""
        with tempfile.NamedTemporaryFile("w", suffix=".events", dir=self.place) as file:
            file.write("".join(self.language.encode(events) + "\n" for events in traces))
            file.flush()
            run = self.start(f"ONLY=none {settings}", "-b", f"-m{DEPTH + len(traces)}", "-w18",
                             FOLLOW=file.name, **choice)
            out = run.stdout.read()
        self.finish(run, out)
        verdicts = [None] * len(traces)
        for number, word, furthest, offers in re.findall(r"^followed (\d+) (\w+) (\d+)(.*)$", out, re.M):
            verdicts[int(number)] = Verdict(word == "accepted", int(furthest), offers)
        if None in verdicts:
            raise RuntimeError("the checker forgot a trace")
        return verdicts

    def tell(self, settings, whole=True, ends=True):
        """Yields behaviours, as numbers: all, or as many as show all transitions. Returns what was told in all. `ends`:
        false if some may go on for ever; these are not told."""
        run = self.start(settings, *(["-b", f"-m{DEPTH}"] if ends else [f"-m{SHALLOW}"]), "-w22",
                         TELL="all" if whole else "new")
        rest = []
        for line in run.stdout:
            if not line.startswith("behaviour "):
                rest.append(line)
                continue
            yield list(map(int, line.split()[3:]))
        out = "".join(rest)
        if ends:
            self.finish(run, out)
        run.wait(HANG)
        return Told(*map(int, re.search(r"told (\d+) behaviours, (\d+) of (\d+) transitions, (\d+) of (\d+) pairs",
                                        out).groups()))


class Told:
    """How many behaviours, transitions and pairs were told, and how many more transitions and pairs there are."""

    def __init__(self, behaviours, transitions, all_transitions, pairs, all_pairs):
        self.behaviours, self.transitions, self.pairs = behaviours, transitions, pairs
        self.missed = (all_transitions - transitions, all_pairs - pairs)

    def __str__(self):
        return (f"{self.behaviours} behaviours, {self.transitions} transitions, {self.pairs} pairs of a kind of state "
                "and an event")


class Returned:
    """Goes through a generator, and keeps what it returns."""

    def __init__(self, generator):
        self.generator = generator
        self.value = None

    def __iter__(self):
        self.value = yield from self.generator


def faults_of(model):
    """The faults that a model can be told to have."""
    listed = re.search(r"#define FAULTS\(X\)((?:.*\\\n)*.*)", (MODEL / f"{model}.pml").read_text())[1]
    return re.findall(r"X\((\w+)\)", listed)
