# SPDX-License-Identifier: BSL-1.0
"""The refinement map: from a trace of the code (spec/scenario/README.md, 4) to what loop.pml is seen doing.

Each line of a trace gives the events below, in place. Nothing is reordered, and nothing is guessed: what a name stands
for (which task has timer 3?) is read off the trace before.

  trace                              events
  run, box, wait, sample, round      the same: run, box(which), wait(until), sample(now), round(count)
  spawn, ready, end, unobserved      the same; task k is the model's task k-1, task 0 the callbacks
  callback                           callback(k): k posts were called before
  step                               step(task, now), with(task, start | value | error)
  await                              sleep(task, ns); any other kind: await(task, kind)
  fire, complete                     the task that started timer or operation
  did burn                           burn(task), ns times
  did read, if it was never awaited  at_once(task)
  did join, unless the slot is empty join(task, 1 if it ends with an exception)
  did drop, likewise                 drop(task)
  did, all others                    nothing: they do nothing to the loop
  world                              what the scenario says of it: data(task whose channel it is, at), post(at), stop(at);
                                     after the last entry, or before the first run if there is none, gone
  exit                               left(task, what it awaits) for each that is pending, then exit(verdict)

A projection ends with the first verdict that is not `stopped`, or the last exit: the model runs once again after a
stop, and never after another verdict; it does not destroy its loop.

Numbers that only name things (of posts, rounds, timers, operations, entries of the script) have no place in an event;
they must count up from one, else the trace is Malformed, as is one with an unknown word, or whose last run does not
return.
"""
import json

from .events import BOX, BY, CALLBACK, NEVER, NOBODY, ON, SAID, WITH


class Malformed(Exception):
    """No run of any loop can be meant by it."""


def parse(text):
    """The events of a trace in JSON lines, without its header."""
    try:
        events = [json.loads(line) for line in text.splitlines()]
    except ValueError as wrong:
        raise Malformed(f"no JSON: {wrong}") from wrong
    if not events or "galley_trace" not in events[0]:
        raise Malformed("it does not begin with a header")
    return events[1:]


class Projection:
    def __init__(self, scenario, trace):
        self.world = scenario.get("world", [])
        self.events = []
        self.timers, self.operations, self.awaiting = [], [], {}
        self.counted = {"round": 0, "callback": 0, "world": 0}
        self.running = self.finished = False
        self.readers = self._readers(trace)
        for event in trace:
            try:
                getattr(self, "_" + event["ev"])(event)
            except (KeyError, ValueError, IndexError, AttributeError, TypeError) as wrong:
                raise Malformed(f"{event}: {wrong!r}") from wrong
            if self.finished:
                return
        if self.running or not self.events:
            raise Malformed("its last run does not return")

    def _see(self, name, a=0, b=0):
        if not (0 <= a < 256 and 0 <= b < 256):
            raise ValueError(f"{name}({a}, {b}) is outside the model's numbers")
        self.events.append((name, a, b))

    def _next(self, what, number):
        """Numbers that name things count up."""
        self.counted[what] += 1
        if number != self.counted[what]:
            raise ValueError(f"{what} {number} comes where {self.counted[what]} should")

    @staticmethod
    def _readers(trace):
        """The task of each channel."""
        readers = {}
        for event in trace:
            if event.get("kind", event.get("verb")) == "read":
                channel = event["arg"].split(",")[0]
                readers.setdefault(channel, event["task"] - 1)
        return readers

    # One method for each event of a trace.

    def _run(self, _):
        if not self.world and not any(name == "run" for name, _, _ in self.events):
            self._see("gone")
        self._see("run")
        self.running = True

    def _box(self, event):
        self._see("box", BOX[event["name"]])

    def _wait(self, event):
        self._see("wait", NEVER if event["until"] == "never" else int(event["until"]))

    def _sample(self, event):
        self._see("sample", int(event["now"]))

    def _round(self, event):
        self._next("round", event["n"])
        self._see("round", event["count"])

    def _spawn(self, event):
        self._see("spawn", event["task"] - 1, event["by"] - 1 if event["by"] else NOBODY)

    def _ready(self, event):
        self._see("ready", event["task"] - 1 if event["task"] else CALLBACK, BY[event["cause"]])

    def _step(self, event):
        self._see("step", event["task"] - 1, int(event["now"]))
        self._see("with", event["task"] - 1, WITH[event["with"]])

    def _await(self, event):
        task = event["task"] - 1
        self.awaiting[task] = event["kind"]
        if event["kind"] == "sleep":
            self.timers.append(task)
            self._see("sleep", task, int(event["arg"]))
            return
        if event["kind"] == "read":
            self.operations.append(task)
        self._see("await", task, ON[event["kind"]])

    def _did(self, event):
        task, verb, result = event["task"] - 1, event["verb"], event["result"]
        waited = self.awaiting.get(task) == verb
        if waited:
            del self.awaiting[task]
        if verb == "burn":
            for _ in range(int(event["arg"])):
                self._see("burn", task)
        elif verb == "read" and not waited:
            self.operations.append(task)
            self._see("at_once", task)
        elif verb == "join" and result != "empty":
            self._see("join", task, int(result.startswith("error:")))
        elif verb == "drop" and result != "empty":
            self._see("drop", task)

    def _end(self, event):
        self._see("end", event["task"] - 1, ("value", "exception").index(event["outcome"]))

    def _unobserved(self, event):
        if self.running:
            self._see("unobserved", event["task"] - 1)

    def _callback(self, event):
        self._next("callback", event["post"])
        self._see("callback", event["post"] - 1)

    def _fire(self, event):
        self._see("fire", self.timers[event["timer"] - 1], int(event["key"]))

    def _complete(self, event):
        self._see("complete", self.operations[event["op"] - 1])

    def _world(self, event):
        self._next("world", event["entry"] + 1)
        entry = self.world[event["entry"]]
        if entry["do"] == "data":
            self._see("data", self.readers.get(str(entry["channel"]), CALLBACK), int(entry["at"]))
        else:
            self._see({"post": "post", "stop": "stop"}[entry["do"]], int(entry["at"]))
        if event["entry"] + 1 == len(self.world):
            self._see("gone")

    def _exit(self, event):
        for pending in event["pending"]:
            self._see("left", pending["task"] - 1, ON[pending["await"]])
        self._see("exit", SAID[event["verdict"]])
        self.running = False
        self.finished = event["verdict"] != "stopped"

    def _destroyed(self, _):
        if self.running:
            raise ValueError("a task is destroyed while the loop runs")

    _refused = _destroyed


def project(scenario, trace):
    """The events of a trace (text) of a scenario. Malformed if it is no trace."""
    return Projection(scenario, parse(trace)).events
