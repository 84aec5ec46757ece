# SPDX-License-Identifier: BSL-1.0
"""Traces with one event wrong: the model must refuse them, or else nothing would follow from its accepting others.

A trace says what three parties did. What tasks and world do is their own choice, so a trace with another choice in it
may be one that some program has; CHOICES are the events whose change, alone, may give such a trace (a task that burns
nothing, a byte that comes earlier). All other events are determined by what came before, or are the first half of what
the rest of the trace shows: with one of them wrong there is no such run of the loop, and the model must say so.
"""
import json

TASK_EVENTS = {"step", "await", "ready", "end", "spawn", "unobserved"}
# By the event of the trace, for `did` by its verb.
CHOICES = {"burn", "drop", "read", "join", "world", "sample"}


def what(event):
    return event["verb"] if event["ev"] == "did" else event["ev"]


def _change(event, field, value):
    return [event | {field: value}]


def _later(text, dice):
    return str(max(0, int(text) + dice.choice([-1, 1, 2])))


def _task(event, dice):
    if event["ev"] in TASK_EVENTS and event["task"] > 0:
        return _change(event, "task", dice.choice([t for t in (1, 2, 3) if t != event["task"]]))
    return None


def _count(event, dice):
    return _change(event, "count", event["count"] + dice.choice([-1, 1])) if event["ev"] == "round" else None


def _number(event, dice):
    field = {"round": "n", "fire": "timer", "complete": "op", "callback": "post"}.get(event["ev"])
    return _change(event, field, event[field] + dice.choice([-1, 1])) if field else None


def _time(event, dice):
    field = {"step": "now", "fire": "key", "sample": "now", "wait": "until"}.get(event["ev"])
    if not field:
        return None
    return _change(event, field, "3" if event[field] == "never" else _later(event[field], dice))


def _until(event, dice):
    if event["ev"] != "wait":
        return None
    return _change(event, "until", "4" if event["until"] == "never" else "never")


def _word(field, events, words):
    def change(event, dice):
        if event["ev"] not in events:
            return None
        return _change(event, field, dice.choice([word for word in words if word != event[field]]))
    return change


def _pending(event, dice):
    if event["ev"] != "exit":
        return None
    left = list(event["pending"])
    if left and dice.random() < 0.5:
        left.pop(dice.randrange(len(left)))
    elif left:
        n = dice.randrange(len(left))
        words = ["ready", "start", "sleep", "read", "join", "wait"]
        left[n] = left[n] | {"await": dice.choice([word for word in words if word != left[n]["await"]])}
    else:
        left.append({"task": 1, "await": "sleep"})
    return _change(event, "pending", left)


KINDS = {
    "dropped": lambda event, dice: [],
    "doubled": lambda event, dice: [event, event],
    "swapped with the next": None,  # below, as it needs two
    "another task": _task,
    "another count": _count,
    "another number": _number,
    "another time": _time,
    "another end of the wait": _until,
    "another verdict": _word("verdict", {"exit"}, ["stopped", "completed", "deadlocked"]),
    "others left pending": _pending,
    "another cause": _word("cause", {"ready"}, ["spawn", "yield", "timer", "complete", "join", "handover", "post"]),
    "another box": _word("name", {"box"}, ["start", "pending", "pick", "run", "save", "check", "continue"]),
    "another end of the await": _word("with", {"step"}, ["start", "value", "error"]),
    "another await": _word("kind", {"await"}, ["yield", "read", "join", "wait"]),
}


def _last(lines):
    """Where what is looked at of a trace ends: the first verdict that is not `stopped`, or the last."""
    exits = [n for n, line in enumerate(lines) if '"ev":"exit"' in line]
    return next((n for n in exits if '"verdict":"stopped"' not in lines[n]), exits[-1])


def corrupt(lines, kind, dice):
    """A trace (lines, without header) with one event wrong, and whether it is a choice; None if it has none such."""
    last = _last(lines)
    places = list(range(last + 1))
    dice.shuffle(places)
    for n in places:
        event = json.loads(lines[n])
        if kind == "swapped with the next":
            if n == last or lines[n] == lines[n + 1]:
                continue
            other = json.loads(lines[n + 1])
            return [*lines[:n], lines[n + 1], lines[n], *lines[n + 2:]], bool({what(event), what(other)} & CHOICES)
        changed = KINDS[kind](event, dice)
        if changed is not None:
            return [*lines[:n], *map(json.dumps, changed), *lines[n + 1:]], what(event) in CHOICES
    return None
