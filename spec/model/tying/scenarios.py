# SPDX-License-Identifier: BSL-1.0
"""Scenarios for the model: random ones within its alphabet, and those that the project has anyway."""
import json
import random
import subprocess

from .alphabet import why_outside
from .loops import EXECUTABLE
from .events import MODEL

EXAMPLES = MODEL.parent / "scenario" / "examples"
SEEDS = MODEL.parent.parent / "fuzz" / "corpus" / "differential"


def enumerated(most):
    """Every program of at most `most` statements over the alphabets of traces.cpp, as lines of JSON."""
    done = subprocess.run([EXECUTABLE, "programs", str(most)], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def _body(dice, task, last):
    """Statements of one of up to three tasks. `last`: the number of a routine that joins, for `try`."""
    body = []
    for _ in range(dice.randrange(1, 7)):
        kind = dice.choice(["yield", "sleep", "sleep", "read", "wait", "join", "drop", "burn", "try"])
        if kind == "sleep":
            body.append({"do": "sleep", "ns": dice.choice([0, 1, 1, 2, 3, 5])})
        elif kind == "read":
            body.append({"do": "read", "channel": task, "bytes": 1})
        elif kind == "wait":
            body += [{"do": "reset", "event": 0}, {"do": "wait", "event": 0}]
        elif kind == "burn":
            body.append({"do": "burn", "ns": dice.choice([1, 2, 4])})
        elif kind in ("join", "drop"):
            body.append({"do": kind, "handle": task})
        elif kind == "try" and last is not None:
            body.append({"do": "try", "routine": last})
            last = None
        else:
            body.append({"do": "yield"})
    return body


def random_scenario(seed):
    """A scenario that the model can play, of all that it can: nearly every one is inside, and who asks looks."""
    dice = random.Random(seed)
    tasks = dice.randrange(1, 4)
    bodies = [_body(dice, task, tasks + task) for task in range(tasks)]
    for child in range(1, tasks):
        body = bodies[dice.randrange(child)]
        spawn = {"do": "spawn", "routine": child, "handle": 0}
        body.insert(dice.choice([0, 0, dice.randrange(len(body) + 1)]), spawn)
    for task, body in enumerate(bodies):
        for statement in body:
            if statement["do"] == "spawn":
                statement["handle"] = task
        fails = dice.random() < 0.3
        if dice.random() < 0.7 or fails:
            body.append({"do": dice.choice(["drop", "join"]), "handle": task})
        if fails:
            body.append({"do": "fail", "value": 7})
    joins = [[{"do": "join", "handle": task}] for task in range(tasks)]
    world = []
    for _ in range(dice.randrange(7)):
        do = dice.choice(["data", "data", "data", "post", "stop"])
        if do == "post" and sum(entry["do"] == "post" for entry in world) == 2:
            do = "data"
        world.append({"at": dice.choice([0, 1, 2, 2, 3, 4, 6, 9]), "do": do} |
                     {"data": {"channel": dice.randrange(tasks), "bytes": 1}, "post": {"event": 0}, "stop": {}}[do])
    world.sort(key=lambda entry: entry["at"])
    return json.dumps({"galley_scenario": 1, "resolution": dice.choice([1, 1, 2, 4]),
                       "ask_every": dice.choice([1, 1, 2, 3]), "runs": dice.randrange(1, 5), "events": 1,
                       "channels": [0] * tasks, "routines": [{"body": body} for body in bodies + joins],
                       "world": world}, separators=(",", ":"))


def inside(lines):
    """Those of the scenarios (lines of JSON) that the model can play, and how many it cannot, by reason."""
    good, reasons = [], {}
    for line in lines:
        reason = why_outside(json.loads(line))
        if reason is None:
            good.append(line)
        else:
            reasons[reason] = reasons.get(reason, 0) + 1
    return good, reasons


def of_the_project(most, count):
    """What the project tries anyway: the examples, its alphabets' programs, random scenarios, and the fuzzing seeds."""
    examples = [json.dumps(json.loads(path.read_text()), separators=(",", ":"))
                for path in sorted(EXAMPLES.glob("*.json"))]
    done = subprocess.run([EXECUTABLE, "project", str(most), str(count), SEEDS], stdout=subprocess.PIPE, text=True,
                          check=True)
    return examples + done.stdout.splitlines()
