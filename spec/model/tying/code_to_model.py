# SPDX-License-Identifier: BSL-1.0
"""From the code to the model: what the loops do, the model can do; what no loop may do, it cannot."""
import collections
import json
import random

from . import corruptions, loops, scenarios
from .alphabet import TASKS
from .checker import Checker, faults_of
from .events import LOOP
from .mutants import Mutants
from .projection import Malformed, project

CHECKER = Checker("loop", LOOP)
TOGETHER = 2_000  # traces that one checker follows
# Faults that no trace of the simulated driver can expose, and why.
HIDDEN_FAULTS = {
    "W8": "nobody posts while the loop is about to sleep",
    "V1": "nobody posts between two looks of the verdict",
    "V2": "the last remote goes in a look at the driver, which ends by itself",
}


def settings_of(scenario):
    posts = sum(entry["do"] == "post" for entry in scenario.get("world", []))
    return f"R={scenario.get('resolution', 1)} ASK={scenario.get('ask_every', 1)} POSTS={posts}"


def grouped(items):
    """Items (scenario as a line of JSON, anything) by the settings that a checker is told."""
    groups = collections.defaultdict(list)
    for item in items:
        groups[settings_of(json.loads(item[0]))].append(item)
    return groups


def _follow(settings, items, choice):
    """With room for whatever the model's variables have room for."""
    seen = [event for item in items for event in item[1]]
    far = max((longest for name, _, longest in seen if name == "sleep"), default=0)
    last = max((now for name, now, _ in seen if name == "sample"), default=0)
    room = f"TASKS={TASKS} ROOTS=1 STEPS=250 MAY=255 DATA=255 STOPS=255 FAR={far} FREE={last + 1}"
    return list(zip(items, CHECKER.follow([item[1] for item in items], f"{room} {settings}", **choice)))


def follow_all(pool, items, **choice):
    """Items (line, events, ...), each with its verdict."""
    jobs = [pool.submit(_follow, settings, group[n:n + TOGETHER], choice)
            for settings, group in sorted(grouped(items).items()) for n in range(0, len(group), TOGETHER)]
    for job in jobs:
        yield from job.result()


def where_it_stops(line, events, verdict):
    """Why a trace is refused, for people."""
    before = LOOP.texts(events[max(0, verdict.furthest - 8):verdict.furthest])
    then = LOOP.text(events[verdict.furthest]) if verdict.furthest < len(events) else "(the end)"
    return f"after {verdict.furthest} events, ... {before}: the trace has {then}, the model {verdict.offers}\n    {line}"


class CodeToModel:
    def __init__(self, pool, report, deep):
        self.pool, self.report, self.deep = pool, report, deep
        self.followed = []  # (line, events, trace), accepted

    def accept(self, name, lines):
        """All traces of both loops must be accepted."""
        good, outside = scenarios.inside(lines)
        ref, fast = (self.pool.submit(loops.traces, who, good) for who in ("ref", "fast"))
        ref, fast = ref.result(), fast.result()
        different = [(line, trace) for line, trace, other in zip(good, fast, ref) if trace != other]
        items, wrong = [], 0
        for line, trace in [*zip(good, ref), *different]:
            try:
                items.append((line, project(json.loads(line), trace), trace))
            except Malformed as error:
                wrong += 1
                self.report.wrong(f"{name}: no trace of any run: {error}\n    {line}")
        for (line, events, trace), verdict in follow_all(self.pool, items):
            if verdict.accepted:
                self.followed.append((line, events, trace))
            else:
                wrong += 1
                self.report.wrong(f"{name}: the model cannot do what a loop did, "
                                  f"{where_it_stops(line, events, verdict)}")
        self.report.row(f"{name}: {len(lines)} scenarios, {len(good)} in the model's alphabet; {len(good)} traces of "
                        f"ref, {len(good) - len(different)} of fast are equal; refused", wrong)
        self.report.passed += len(good) + len(different) - wrong
        return outside

    def refuse_corrupted(self, count):
        """Traces with one event wrong must be refused, unless it is the choice of tasks or world."""
        dice = random.Random(count)
        table = collections.Counter()
        items = []
        for line, events, trace in dice.sample(self.followed, min(count, len(self.followed))):
            header, *lines = trace.splitlines()
            for kind in corruptions.KINDS:
                made = corruptions.corrupt(lines, kind, dice)
                if made is None:
                    continue
                try:
                    wrong = project(json.loads(line), "\n".join([header, *made[0]]))
                except Malformed:
                    table[kind, made[1], "malformed"] += 1
                    continue
                if wrong == events:
                    table[kind, made[1], "says nothing"] += 1
                else:
                    items.append((line, wrong, kind, made[1]))
        for (line, wrong, kind, choice), verdict in follow_all(self.pool, items):
            table[kind, choice, "accepted" if verdict.accepted else "refused"] += 1
            if verdict.accepted and not choice:
                self.report.wrong(f"one event {kind}, and the model can do it: {LOOP.texts(wrong)}\n    {line}")
        for kind in corruptions.KINDS:
            self._row_of_corruption(kind, table)

    def _row_of_corruption(self, kind, table):
        own, chosen = ({word: table[kind, choice, word] for word in ("malformed", "refused", "accepted", "says nothing")}
                       for choice in (False, True))
        refused = own["malformed"] + own["refused"]
        row = f"one event wrong, {kind}: {refused} of {refused + own['accepted']} refused"
        if chosen["malformed"] + chosen["refused"] + chosen["accepted"]:
            row += (f"; of other choices of tasks and world {chosen['malformed'] + chosen['refused']} refused, "
                    f"{chosen['accepted']} are legal")
        if silent := own["says nothing"] + chosen["says nothing"]:
            row += f"; {silent} say nothing to the model"
        self.report.note(row)
        self.report.passed += refused
        if not refused:
            self.report.wrong(f"one event wrong, {kind}: none was refused")

    def refuse_with_faults(self, count):
        """A model with a fault must refuse the traces of good loops in which the fault shows."""
        sample = random.Random(1).sample(self.followed, min(count, len(self.followed)))
        found = []
        for fault in faults_of("loop"):
            refused = sum(not verdict.accepted for _, verdict in follow_all(self.pool, sample, FAULT=fault))
            found.append(f"{fault} {refused}")
            if (refused == 0) == (fault in HIDDEN_FAULTS):
                self.report.passed += 1
            elif refused == 0:
                self.report.wrong(f"a model with fault {fault} does all that the loops do")
            else:
                self.report.wrong(f"fault {fault} shows, though it is said not to: {HIDDEN_FAULTS[fault]}")
        self.report.note(f"of {len(sample)} good traces so many are refused by a model with a fault: {', '.join(found)}")

    def refuse_mutants(self, count):
        """Of the project's broken loops, those whose traces are others must be refused."""
        sample = random.Random(2).sample(self.followed, min(count, len(self.followed)))
        mutants = Mutants()
        jobs = {(mutant["id"], who): self.pool.submit(mutants.traces, mutant["id"], who, [line for line, _, _ in sample])
                for mutant in mutants.all for who in ("ref", "fast")}
        different, refused, items = set(), set(), []
        for (name, _), job in jobs.items():
            traces = job.result()
            if len(traces) < len(sample):  # it died, or hangs
                refused.add(name)
            for (line, events, good), trace in zip(sample, traces):
                if trace == good:
                    continue
                try:
                    seen = project(json.loads(line), trace)
                except Malformed:
                    refused.add(name)
                    continue
                if seen != events:
                    different.add(name)
                    items.append((line, seen, name))
        refused |= {item[2] for item, verdict in follow_all(self.pool, items) if not verdict.accepted}
        self.report.row(f"broken loops: {len(mutants.all)}, of which {len(different | refused)} do anything else "
                        f"in {len(sample)} scenarios; {len(refused)} are refused; accepted, as if tasks or world had chosen so",
                        f"{len(different - refused)} {' '.join(sorted(different - refused))}")
        self.report.note(f"refused: {' '.join(sorted(refused))}")
        if not refused:
            self.report.wrong("no broken loop was refused")
        self.report.passed += len(refused)

    def check(self):
        self.accept("enumerated", scenarios.enumerated(4 if self.deep else 3))
        self.accept("random", [scenarios.random_scenario(seed) for seed in range(10_000 if self.deep else 2_000)])
        outside = self.accept("the project's own", scenarios.of_the_project(3 if self.deep else 2, 2_000))
        for reason, count in sorted(outside.items(), key=lambda each: -each[1])[:None if self.deep else 5]:
            self.report.note(f"not in the alphabet: {reason} ({count})")
        unsaid = LOOP.all - LOOP.said(event for _, events, _ in self.followed for event in events)
        if unsaid:
            self.report.wrong(f"no trace has: {', '.join(sorted(unsaid))}")
        self.refuse_corrupted(1_000 if self.deep else 250)
        self.refuse_with_faults(1_000 if self.deep else 250)
        if self.deep:
            self.refuse_mutants(400)
