# SPDX-License-Identifier: BSL-1.0
"""Which scenarios loop.pml can play: what it has no word for, or no room."""

TASKS = 3  # as many as the model has
POSTS = 2
LATEST = 250  # the model's clock is a byte, and 255 is never

# What a statement may be, and of what numbers.
STATEMENTS = {"yield", "sleep", "burn", "now", "spawn", "join", "drop", "call", "try", "read", "reset", "wait", "fail",
              "return"}
NAMING = {"spawn", "call", "try"}


def number(operand):
    """Large integers are strings in JSON."""
    return int(operand)


def why_outside(scenario):
    """Why the model has nothing to say about the scenario; None if it has. Nothing of a trace decides it."""
    return _settings(scenario) or _world(scenario) or _routines(scenario) or _tasks(scenario)


def _settings(s):
    if s.get("close", "destroy") != "destroy":
        return "closes in order"
    if s.get("resolution", 1) > 64 or s.get("ask_every", 1) > 200:
        return "large settings"
    return None


def _world(s):
    for entry in s.get("world", []):
        if entry["do"] not in ("stop", "post", "data"):
            return f"world: {entry['do']}"
        if entry["do"] == "data" and entry["bytes"] != 1:
            return "more than one byte"
    if sum(entry["do"] == "post" for entry in s.get("world", [])) > POSTS:
        return "more than two posts"
    return None


def _routines(s):
    named = []
    ticks = max((number(entry["at"]) for entry in s.get("world", [])), default=0)
    for routine in s["routines"]:
        for statement in routine["body"]:
            do = statement["do"]
            if do not in STATEMENTS:
                return f"statement: {do}"
            if do in NAMING:
                named.append(statement["routine"])
            if do in ("sleep", "burn"):
                ticks += number(statement["ns"]) + s.get("resolution", 1)
            if do == "read" and statement["bytes"] != 1:
                return "more than one byte"
    if len(named) != len(set(named)):
        return "a routine that is named twice"
    if s.get("events", 0) > 1:
        return "more than one event"
    return "late times" if ticks > LATEST else None


def statements_of_task(s, routine):
    """All statements of the task that begins with the routine, called ones in the place of the call."""
    for statement in s["routines"][routine]["body"]:
        if statement["do"] in ("call", "try"):
            yield from statements_of_task(s, statement["routine"])
        yield statement


def _tasks(s):
    first = [0] + [statement["routine"] for routine in s["routines"] for statement in routine["body"]
                   if statement["do"] == "spawn"]
    if len(first) > TASKS:
        return "more than three tasks"
    bodies = [list(statements_of_task(s, routine)) for routine in first]
    if any(len(body) >= s.get("budget", 16) for body in bodies):
        return "a budget that may be used up"
    for what, word in (("handle", "slot"), ("channel", "channel")):
        used = [{statement[what] for statement in body if what in statement} for body in bodies]
        if any(len(each) > 1 for each in used):
            return f"a task with more than one {word}"
        if sum(map(len, used)) != len(set().union(*used)):
            return f"a {word} of more than one task"
    if any(statement["do"] == "fail" for body in bodies for statement in body):
        for body in bodies:
            if not _lets_go(body):
                return "a child that may fail, held when its task ends"
    return None


def _lets_go(body):
    """Each child is joined or dropped before its task can end: the model's tasks do."""
    holds = False
    for statement in body:
        if statement["do"] == "spawn":
            holds = True
        elif statement["do"] in ("join", "drop"):
            holds = False
        elif statement["do"] in ("fail", "return") and holds:
            return False
    return not holds
