# SPDX-License-Identifier: BSL-1.0
"""From the model to the code: what the model can do, the loops do, exactly so, when tasks and world do their part.

All behaviours of a configuration are told by the checker, each is made a scenario, and the scenario's trace on ref, fast
and the oracle is the behaviour again.
"""
import collections
import json
import re
import tomllib

from . import checker, loops
from .events import CALLBACK, MODEL, VOCABULARY, decode, text, vocabulary
from .program import scenario_of
from .projection import Malformed, project


def as_a_trace_says_it(events):
    """A trace does not show for whom something arrives if nobody ever reads it."""
    readers = {a for name, a, b in events if name == "at_once" or (name == "await" and text((name, a, b)).endswith("read)"))}
    return [(name, a if name != "data" or a in readers else CALLBACK, b) for name, a, b in events]


def judge(behaviours, settings):
    """How many behaviours (lists of numbers), what is wrong with them, as texts, and what of the vocabulary they have."""
    wrong = []
    told = [as_a_trace_says_it(decode(numbers)) for numbers in behaviours]
    lines = [scenario_of(events, settings) for events in map(decode, behaviours)]
    by_loop = {who: loops.traces(who, lines) for who in loops.COMMANDS}
    for n, (events, line) in enumerate(zip(told, lines)):
        for who, traces in by_loop.items():
            if who != "ref" and traces[n] == by_loop["ref"][n]:
                continue
            try:
                seen = project(json.loads(line), traces[n])
            except Malformed as error:
                wrong.append(f"{who}: {error}\n    {line}")
                continue
            if seen != events:
                wrong.append(f"{who}: {first_difference(events, seen)}\n    {line}")
    return len(lines), wrong, vocabulary(event for events in told for event in events)


def first_difference(events, seen):
    n = next((n for n, (a, b) in enumerate(zip(events, seen)) if a != b), min(len(events), len(seen)))
    before = " ".join(map(text, events[max(0, n - 6):n]))
    return (f"after {n} events, ... {before}: the model has {' '.join(map(text, events[n:n + 3]))}, "
            f"the loop {' '.join(map(text, seen[n:n + 3]))}")


class ModelToCode:
    CHUNK = 1_000  # behaviours that are judged together
    JOBS = 6  # chunks that wait to be judged: memory

    def __init__(self, pool, report, deep):
        self.pool, self.report, self.deep = pool, report, deep
        self.unsaid = set(VOCABULARY)
        self.jobs = collections.deque()
        self.judged, self.objections = 0, []

    def tell(self, settings, whole):
        """Runs all behaviours of a configuration, or a set of them that covers all its transitions."""
        run = checker.start(f"ROOTS=1 {settings}", TELL="1")
        chunk, rest = [], []
        for line in run.stdout:
            if not line.startswith("behaviour "):
                rest.append(line)
                continue
            new, _, *numbers = map(int, line.split()[1:])
            if whole or new:
                chunk.append(numbers)
            if len(chunk) == self.CHUNK:
                self._submit(chunk, settings)
                chunk = []
        self._submit(chunk, settings)
        while self.jobs:
            self._collect()
        out = "".join(rest)
        checker.finish(run, out)
        return re.search(r"told (\d+) behaviours, (\d+) of (\d+) transitions, (\d+) of (\d+) pairs", out)

    def _submit(self, chunk, settings):
        if len(self.jobs) == self.JOBS:
            self._collect()
        self.jobs.append(self.pool.submit(judge, chunk, settings))

    def _collect(self):
        judged, objections, said = self.jobs.popleft().result()
        self.judged += judged
        self.objections += objections
        self.unsaid -= said

    def check(self):
        with open(MODEL / "catalogue.toml", "rb") as file:
            configurations = tomllib.load(file)["loop"]["tied"]
        for each in configurations:
            if each.get("deep") and not self.deep:
                continue
            self.judged, self.objections = 0, []
            told = self.tell(each["set"], self.deep or each.get("whole", False))
            behaviours, transitions, all_transitions, pairs, all_pairs = map(int, told.groups())
            for objection in self.objections:
                self.report.wrong(f"{each['name']}: {objection}")
            if (transitions, pairs) != (all_transitions, all_pairs):
                self.report.wrong(f"{each['name']}: {all_transitions - transitions} transitions and {all_pairs - pairs} "
                                  "pairs of the model are in no behaviour that ends")
            self.report.row(f"{each['name']} ({each['set']}): {behaviours} behaviours, {transitions} transitions, {pairs} "
                            f"pairs of a kind of state and an event; {self.judged} run on {', '.join(loops.COMMANDS)}; "
                            "wrong", len(self.objections))
            self.report.passed += max(0, self.judged - len(self.objections))
        if self.unsaid:
            self.report.wrong(f"no behaviour has: {', '.join(sorted(self.unsaid))}")
