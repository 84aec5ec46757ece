# SPDX-License-Identifier: BSL-1.0
"""timer_wheel.pml and fast/timer_wheel.hpp, both ways: the model can do what the real wheel does when it is told to start,
cancel and collect; and the real wheel does what the model does, told the same."""
import collections
import itertools
import random
import subprocess
import tomllib

from .checker import Checker, Returned, faults_of
from .events import MODEL, WHEEL
from .loops import EXECUTABLE

CHECKER = Checker("timer_wheel", WHEEL)
PROGRAM = EXECUTABLE.parent / "model_wheel"
ROOM = "TIMERS=3 STARTS=250 FAR=17 LAST=63 LEAP=17 NESTED=1 HANDFUL=1 COLLECTS=250"
# Of an event, what a program chooses; the rest is the wheel's.
CHOSEN = {"start", "cancel", "collect"}


def run(*words, lines=()):
    """What the real wheel says, as a list of events for each run."""
    done = subprocess.run([PROGRAM, *map(str, words)], input="".join(line + "\n" for line in lines), text=True,
                          stdout=subprocess.PIPE, check=True)
    split = (line.split() for line in done.stdout.splitlines())
    return [[(words[i], int(words[i + 1]), int(words[i + 2])) for i in range(0, len(words), 3)] for words in split]


def replay(behaviours):
    """How many behaviours (numbers) of the model the real wheel was told, and those of which it says something else."""
    told = [WHEEL.decode(numbers) for numbers in behaviours]
    said = run("replay", lines=[" ".join(f"{name} {a} {b}" for name, a, b in events) for events in told])
    return len(told), [(a, b) for a, b in itertools.zip_longest(told, said) if a != b]


def corrupted(events, dice):
    """A run with one thing that the wheel does done wrong, and what; None if it does nothing."""
    places = [n for n, event in enumerate(events[:-1]) if event[0] not in CHOSEN]  # without the last, it is a run again
    if not places:
        return None
    n = dice.choice(places)
    name, a, b = events[n]
    what = dice.choice(["left out", "done twice", "of another timer or key", "at another key"])
    wrong = {"left out": [], "done twice": [events[n]] * 2,
             "of another timer or key": [(name, (a + 1) % 3 if name == "fire" else a + 1, b)],
             "at another key": [(name, a, b + 1)]}[what]
    return events[:n] + wrong + events[n + 1:], what


class TimerWheel:
    CHUNK = 5_000

    def __init__(self, pool, report, deep):
        self.pool, self.report, self.deep = pool, report, deep

    def check(self):
        runs = run("random", 20_000 if self.deep else 1_000)
        unsaid = WHEEL.all - WHEEL.said(event for events in runs for event in events)
        if unsaid:
            self.report.wrong(f"no run of the wheel has: {', '.join(sorted(unsaid))}")
        verdicts = CHECKER.follow(runs, ROOM)
        refused = [events for events, verdict in zip(runs, verdicts) if not verdict.accepted]
        for events in refused:
            self.report.wrong(f"the model of the wheel cannot do what the wheel did: {WHEEL.texts(events)}")
        self.report.row(f"timer wheel: {len(runs)} runs of the real one, of {sum(map(len, runs))} events; refused",
                        len(refused))
        self.report.passed += len(runs) - len(refused)
        self.refuse(runs)
        for each in tomllib.loads((MODEL / "catalogue.toml").read_text())["timer_wheel"]["tied"]:
            if self.deep or not each.get("deep"):
                self.replay_all(each["name"], each["set"])

    def refuse(self, runs):
        dice = random.Random(1)
        wrong = [made for events in runs if (made := corrupted(events, dice))]
        table = collections.Counter()
        for (events, what), verdict in zip(wrong, CHECKER.follow([events for events, _ in wrong], ROOM)):
            table[what, verdict.accepted] += 1
            if verdict.accepted:
                self.report.wrong(f"something {what}, and the model of the wheel can do it: {WHEEL.texts(events)}")
        kinds = sorted({what for what, _ in table})
        self.report.note("one thing wrong: " + ", ".join(
            f"{what} {table[what, False]} of {table[what, False] + table[what, True]} refused" for what in kinds))
        self.report.passed += sum(table[what, False] for what in kinds)
        found = []
        for fault in faults_of("timer_wheel"):
            refused = sum(not verdict.accepted for verdict in CHECKER.follow(runs[:300], ROOM, FAULT=fault))
            found.append(f"{fault} {refused}")
            self.report.passed += refused > 0
            if not refused:
                self.report.wrong(f"a model of the wheel with fault {fault} does all that the wheel does")
        self.report.note(f"of {len(runs[:300])} runs so many are refused by a model with a fault: {', '.join(found)}")

    def replay_all(self, name, settings):
        behaviours = Returned(CHECKER.tell(settings, self.deep))
        told, count, wrong = iter(behaviours), 0, []
        while chunk := list(itertools.islice(told, self.CHUNK)):
            replayed, different = replay(chunk)
            count += replayed
            wrong += different
        for events, said in wrong:
            self.report.wrong(f"the model of the wheel: {WHEEL.texts(events)}; the wheel: {WHEEL.texts(said or [])}")
        self.report.row(f"timer wheel, {name} ({settings}): {behaviours.value}; {count} run on the real one; wrong",
                        len(wrong))
        if behaviours.value.missed != (0, 0):
            self.report.wrong(f"{name}: {behaviours.value.missed} transitions and pairs are in no behaviour that ends")
        self.report.passed += count - len(wrong)
