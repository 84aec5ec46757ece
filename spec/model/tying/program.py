# SPDX-License-Identifier: BSL-1.0
"""The inverse of the refinement map: a scenario in which tasks and world do what they did in a behaviour of the model.

Each task is a routine; what it chose is a statement, in its order. A join stands in a routine of its own that is tried,
as a task of the model goes on when the one it joined has failed. A task that is to hang resets the event first. What
the script still holds when the model's loop returns for good comes at a time that no run gets to.
"""
import json

from .events import ON

TOO_LATE = 1_000_000
WORDS = {number: word for word, number in ON.items()}


def settings_of(text):
    """The settings of a configuration, as numbers."""
    return {name: int(value) for name, value in (word.split("=") for word in text.split())}


class _Program:
    def __init__(self):
        self.bodies = [[]]
        self.joining = set()
        self.world = []
        self.gone = False
        self.runs = 0

    def play(self, events):
        for name, a, b in events:
            do = getattr(self, "_" + name, None)
            if do:
                do(a, b)

    def _run(self, *_):
        self.runs += 1

    def _gone(self, *_):
        self.gone = True

    def _data(self, task, at):
        self.world.append({"at": at, "do": "data", "channel": task, "bytes": 1})

    def _post(self, at, _):
        self.world.append({"at": at, "do": "post", "event": 0})

    def _stop(self, at, _):
        self.world.append({"at": at, "do": "stop"})

    def _spawn(self, task, by):
        if task > 0:
            self.bodies.append([])
            self.bodies[by].append({"do": "spawn", "routine": task, "handle": by})

    def _sleep(self, task, ns):
        self.bodies[task].append({"do": "sleep", "ns": ns})

    def _burn(self, task, _):
        self.bodies[task].append({"do": "burn", "ns": 1})

    def _at_once(self, task, _):
        self.bodies[task].append({"do": "read", "channel": task, "bytes": 1})

    def _drop(self, task, _):
        self.bodies[task].append({"do": "drop", "handle": task})

    def _await(self, task, what):
        word = WORDS[what]
        if word == "read":
            self._at_once(task, 0)
        elif word == "yield":
            self.bodies[task].append({"do": "yield"})
        elif word == "wait":
            self.bodies[task] += [{"do": "reset", "event": 0}, {"do": "wait", "event": 0}]
        elif word == "join":
            self.joining.add(task)
            self.bodies[task].append({"do": "try", "routine": task})  # renumbered in the end

    def _join(self, task, _):
        if task in self.joining:
            self.joining.remove(task)
        else:
            self.bodies[task].append({"do": "try", "routine": task})

    def _end(self, task, failed):
        if failed:
            self.bodies[task].append({"do": "fail", "value": 1})


def scenario_of(events, settings):
    """A line of JSON. `settings`: those of the configuration (text) whose behaviour it is."""
    numbers = settings_of(settings)
    program = _Program()
    program.play(events)
    tasks = len(program.bodies)
    for body in program.bodies:
        for statement in body:
            if statement["do"] == "try":
                statement["routine"] += tasks
    world = program.world
    if not program.gone:
        left = numbers.get("POSTS", 0) - sum(entry["do"] == "post" for entry in world)
        world += [{"at": TOO_LATE, "do": "post", "event": 0}] * left or [{"at": TOO_LATE, "do": "stop"}]
    joins = [{"body": [{"do": "join", "handle": task}]} for task in range(tasks)]
    return json.dumps({"galley_scenario": 1, "resolution": numbers.get("R", 1), "ask_every": numbers.get("ASK", 1),
                       "runs": program.runs, "events": 1, "channels": [0] * numbers["TASKS"],
                       "routines": [{"body": body} for body in program.bodies] + joins, "world": world},
                      separators=(",", ":"))
