# SPDX-License-Identifier: BSL-1.0
"""From the model to the code: what the model can do, the loops do, exactly so, when tasks and world do their part.

All behaviours of a configuration are told by the checker, each is made a scenario, and the scenario's trace on ref, fast
and the oracle is the behaviour again.
"""
import collections
import itertools
import json
import tomllib

from . import loops
from .checker import Returned, faults_of
from .code_to_model import CHECKER, HIDDEN_FAULTS
from .events import CALLBACK, LOOP, MODEL, ON
from .program import scenario_of
from .projection import Malformed, project


# Faults that show only in behaviours without end, which are not told: after a stop the loop turns for ever.
ENDLESS_FAULTS = {"S1", "S4"}
# Small configurations, of which one shows each other fault.
SHOWING_FAULTS = ["TASKS=3 STEPS=2 MAY=51 FAR=1", "TASKS=2 STEPS=2 MAY=150 FAR=2 R=2 DATA=1",
                  "TASKS=2 STEPS=2 MAY=81 POSTS=2 STOPS=1"]


def as_a_trace_says_it(events):
    """A trace does not show for whom something arrives if nobody ever reads it."""
    readers = {a for name, a, b in events if name == "at_once" or (name, b) == ("await", ON["read"])}
    return [(name, a if name != "data" or a in readers else CALLBACK, b) for name, a, b in events]


def judge(behaviours, settings):
    """How many behaviours (lists of numbers), what is wrong with them, as texts, and what can be said that they say."""
    wrong = []
    told = [as_a_trace_says_it(LOOP.decode(numbers)) for numbers in behaviours]
    lines = [scenario_of(events, settings) for events in map(LOOP.decode, behaviours)]
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
    return len(lines), wrong, LOOP.said(event for events in told for event in events)


def first_difference(events, seen):
    n = next((n for n, (a, b) in enumerate(zip(events, seen)) if a != b), min(len(events), len(seen)))
    before = LOOP.texts(events[max(0, n - 6):n])
    return (f"after {n} events, ... {before}: the model has {LOOP.texts(events[n:n + 3])}, "
            f"the loop {LOOP.texts(seen[n:n + 3])}")


class ModelToCode:
    CHUNK = 1_000  # behaviours that are judged together
    JOBS = 6  # chunks that wait to be judged: memory

    def __init__(self, pool, report, deep):
        self.pool, self.report, self.deep = pool, report, deep
        self.unsaid = set(LOOP.all)
        self.jobs = collections.deque()
        self.judged, self.objections = 0, []

    def tell(self, settings, whole):
        """Runs all behaviours of a configuration, or a set of them that covers all its transitions."""
        behaviours = Returned(CHECKER.tell(f"ROOTS=1 {settings}", whole))
        told = iter(behaviours)
        while chunk := list(itertools.islice(told, self.CHUNK)):
            self._submit(chunk, settings)
        while self.jobs:
            self._collect()
        return behaviours.value

    def _submit(self, chunk, settings):
        if len(self.jobs) == self.JOBS:
            self._collect()
        self.jobs.append(self.pool.submit(judge, chunk, settings))

    def _collect(self):
        judged, objections, said = self.jobs.popleft().result()
        self.judged += judged
        self.objections += objections
        self.unsaid -= said

    def sees_faults(self):
        """What a model with a fault does, no loop does."""
        faults = [fault for fault in faults_of("loop") if fault not in HIDDEN_FAULTS and fault not in ENDLESS_FAULTS]
        found = []
        for fault in faults:
            for settings in SHOWING_FAULTS:
                told = CHECKER.tell(f"ROOTS=1 FAULT={fault} ONLY=none {settings}", whole=False, ends=False)
                judged, wrong, _ = judge(list(told), settings)
                if wrong:
                    found.append(f"{fault} {len(wrong)} of {judged}")
                    break
            else:
                self.report.wrong(f"all that a model with fault {fault} does the loops do, too")
        self.report.passed += len(found)
        self.report.note(f"behaviours of models with a fault that no loop has: {', '.join(found)}")

    def check(self):
        with open(MODEL / "catalogue.toml", "rb") as file:
            configurations = tomllib.load(file)["loop"]["tied"]
        for each in configurations:
            if each.get("deep") and not self.deep:
                continue
            self.judged, self.objections = 0, []
            told = self.tell(each["set"], self.deep or each.get("whole", False))
            for objection in self.objections:
                self.report.wrong(f"{each['name']}: {objection}")
            if told.missed != (0, 0):
                self.report.wrong(f"{each['name']}: {told.missed} transitions and pairs of the model are in no behaviour "
                                  "that ends")
            self.report.row(f"{each['name']} ({each['set']}): {told}; {self.judged} run on {', '.join(loops.COMMANDS)}; "
                            "wrong", len(self.objections))
            self.report.passed += max(0, self.judged - len(self.objections))
        if self.deep:
            self.sees_faults()
        if self.unsaid:
            self.report.wrong(f"no behaviour has: {', '.join(sorted(self.unsaid))}")
