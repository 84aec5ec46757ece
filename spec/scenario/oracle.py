#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The oracle: derives the complete expected trace (levels P and L) of a scenario.

It is the README of this folder and the rules, written as code, and it shares nothing with the loops that it judges:
no coroutines, no generators; a task is an explicit stack of frames. Sections follow the paragraphs of the README; a
name in capitals with a number is a rule.

    oracle.py FILE      print the trace of one scenario (`-`: standard input); exit code 2 if the scenario is invalid
    oracle.py --batch   one scenario per input line; for each its trace, or {"error":...}, and then an empty line
"""

import heapq
import json
import os
import re
import sys
from collections import OrderedDict, deque
from dataclasses import dataclass, field

LAST_NS = 2**63 - 1  # TIME-1: signed 64 bits, non-negative
MOST_BYTES = 2**62  # README 3, Operations: sums saturate here

# --- README 1: the file ---------------------------------------------------------------------------------------------

TOP_NUMBERS = {  # field: (least, most, default)
    "resolution": (1, 2**40, 1),
    "ask_every": (1, 1_000_000, 1),
    "budget": (1, 1_000_000, 16),
    "runs": (1, 4, 1),
    "events": (0, 8, 0),
    "mutexes": (0, 8, 0),
}
TOP_LISTS = {  # field: (least, most) of each item; at most 8 items
    "semaphores": (0, 1000),
    "queues": (1, 1000),
    "channels": (0, 1_000_000_000),
}
TOP_OTHERS = {"galley_scenario", "name", "close", "routines", "world"}
TOP_FIELDS = TOP_OTHERS | set(TOP_NUMBERS) | set(TOP_LISTS)
ROUTINE_FIELDS = {"name", "body"}

# README 2: verb: (operand, least, most)... in the table's order; a name as `most` stands for "the last of these".
NS, HANDLE, ROUTINE = ("ns", 0, LAST_NS), ("handle", 0, 15), ("routine", 0, 31)
GROUP, SCOPE, BYTES = ("group", 0, 7), ("scope", 0, 7), ("bytes", 1, 1_000_000_000)
EVENT, SEMAPHORE, MUTEX = ("event", 0, "events"), ("semaphore", 0, "semaphores"), ("mutex", 0, "mutexes")
QUEUE, CHANNEL = ("queue", 0, "queues"), ("channel", 0, "channels")
STATEMENTS = {
    "yield": (), "sleep": (NS,), "sleep_until": (("at", 0, LAST_NS),), "burn": (NS,), "now": (),
    "spawn": (ROUTINE, HANDLE), "join": (HANDLE,), "try_join": (HANDLE,), "cancel": (HANDLE,), "drop": (HANDLE,),
    "lose": (HANDLE,),
    "call": (ROUTINE,), "try": (ROUTINE,), "all": (("routines", 0, 8),), "any": (("routines", 1, 8),),
    "group": (GROUP, ROUTINE), "go": (GROUP, ROUTINE), "cancel_group": (GROUP,),
    "scope": (SCOPE, ROUTINE), "cancel_scope": (SCOPE,), "shield": (ROUTINE,), "timeout": (NS, ROUTINE),
    "timeout_at": (("at", 0, LAST_NS), ROUTINE),
    "set": (EVENT,), "reset": (EVENT,), "wait": (EVENT,), "acquire": (SEMAPHORE,), "release": (SEMAPHORE,),
    "lock": (MUTEX,), "unlock": (MUTEX,),
    "put": (QUEUE, ("value", 0, LAST_NS)), "get": (QUEUE,), "close_queue": (QUEUE,),
    "read": (CHANNEL, BYTES), "write": (CHANNEL, BYTES), "accept": (CHANNEL,), "connect": (CHANNEL,),
    "readable": (CHANNEL,), "writable": (CHANNEL,), "close": (CHANNEL,),
    "fail": (("value", 1, 1_000_000),), "return": (("value", 0, LAST_NS),), "stop": (), "post": (EVENT,),
    "hold_remote": (), "drop_remote": (), "keep_alive": (), "drop_keep_alive": (),
}
WORLD = {
    "stop": (), "post": (EVENT,), "wake": (), "jump": (("ns", -(2**62), 2**62),),
    "data": (CHANNEL, BYTES), "end": (CHANNEL,), "break": (CHANNEL, ("code", 1, 4095)),
    "room": (CHANNEL, BYTES), "peer": (CHANNEL,),
}
STATEMENT_FIELDS = {verb: {"do", *(name for name, _, _ in operands)} for verb, operands in STATEMENTS.items()}
ENTRY_FIELDS = {verb: {"at", "do", *(name for name, _, _ in operands)} for verb, operands in WORLD.items()}
DECIMAL = re.compile("0|-?[1-9][0-9]{0,18}").fullmatch


class Invalid(Exception):
    """A scenario that README 1 or 2 does not allow: which field, and what was expected."""

    def __init__(self, where, expected, found):
        shown = {dict: "an object", list: "an array", type(None): "none"}.get(type(found)) or json.dumps(found)
        super().__init__(f"{where}: expected {expected}, found {shown if len(shown) < 80 else shown[:77] + '...'}")


@dataclass(slots=True, eq=False)
class Statement:
    verb: str
    arg: str  # README 2, Results: the operands as decimals joined by `,`
    op: dict  # operand: number, or list of numbers
    at: int = 0  # of a world entry

    def named(self):
        """The routines that the statement names."""
        op = self.op
        return (op["routine"],) if "routine" in op else op.get("routines", ())


@dataclass(slots=True, eq=False)
class Scenario:
    resolution: int
    ask_every: int
    budget: int
    runs: int
    events: int
    mutexes: int
    semaphores: list
    queues: list
    channels: list
    orderly: bool
    routines: list  # of lists of Statement
    world: list  # of Statement


def integer(value, least, most, where):
    if type(value) is int and least <= value <= most:
        return value
    number = int(value) if type(value) is str and DECIMAL(value) else value
    if type(number) is not int or not least <= number <= most:
        expected = f"an integer from {least} to {most}" if least <= most else "nothing (there is none)"
        raise Invalid(where, expected, value)
    return number


def array(value, least, most, where):
    if type(value) is not list or not least <= len(value) <= most:
        found = f"{len(value)} of them" if type(value) is list else value
        raise Invalid(where, f"an array of {least} to {most}", found)
    return value


def text(value, where):
    if type(value) is not str or len(value.encode("utf-8", "surrogatepass")) > 200:
        raise Invalid(where, "a string of at most 200 bytes", value)


def known(raw, allowed, required, where):
    """Unknown fields are errors, and so is a missing one that is required."""
    if type(raw) is not dict:
        raise Invalid(where, "an object", raw)
    for name in () if raw.keys() <= allowed else raw:
        if name not in allowed:
            raise Invalid(f"{where}.{name}".strip("."), "no such field but " + ", ".join(sorted(allowed)), raw[name])
    for name in required:
        if name not in raw:
            raise Invalid(f"{where}.{name}".strip("."), "a value (the field is required)", None)


def read_verb(raw, table, fields, where):
    """The verb's operands, having seen that exactly its fields are there."""
    verb = raw.get("do") if type(raw) is dict else None
    if type(verb) is not str or verb not in table:
        raise Invalid(where + ".do", "one of " + ", ".join(table), raw if verb is None else verb)
    if raw.keys() != fields[verb]:
        known(raw, fields[verb], sorted(fields[verb]), where)
    return verb, table[verb]


def read_statement(raw, limits, number, where):
    verb, operands = read_verb(raw, STATEMENTS, STATEMENT_FIELDS, where)
    op = {}
    for name, least, most in operands:
        if name == "routine":  # only routines with a higher number, so that every scenario is finite
            op[name] = integer(raw[name], number + 1, limits[name], f"{where}.{name}")
        elif name == "routines":
            array(raw[name], least, most, f"{where}.{name}")
            op[name] = [integer(one, number + 1, limits["routine"], f"{where}.{name}[{place}]")
                        for place, one in enumerate(raw[name])]
        else:
            op[name] = integer(raw[name], least, most if type(most) is int else limits[most], f"{where}.{name}")
    return Statement(verb, ",".join(map(str, op["routines"] if "routines" in op else op.values())), op)


def read_entry(raw, limits, before, where):
    verb, operands = read_verb(raw, WORLD, ENTRY_FIELDS, where)
    if "at" not in raw:
        raise Invalid(where + ".at", "a value (the field is required)", None)
    at = integer(raw["at"], 0, LAST_NS, where + ".at")
    if at < before:
        raise Invalid(where + ".at", f"at least {before} (the world is sorted by at)", raw["at"])
    op = {name: integer(raw[name], least, most if type(most) is int else limits[most], f"{where}.{name}")
          for name, least, most in operands}
    return Statement(verb, "", op, at)


def read_routines(raw, limits):
    limits["routine"] = len(array(raw, 1, 32, "routines")) - 1
    routines = []
    for number, routine in enumerate(raw):
        where = f"routines[{number}]"
        known(routine, ROUTINE_FIELDS, ("body",), where)
        text(routine.get("name", ""), where + ".name")
        body = array(routine["body"], 0, 64, where + ".body")
        routines.append([read_statement(one, limits, number, f"{where}.body[{line}]")
                         for line, one in enumerate(body)])
    return routines


def check_cost(routines):
    """1 for each statement, and the cost of each routine that it names; main may cost 100,000."""
    cost = [0] * len(routines)
    for number in range(len(routines) - 1, -1, -1):
        body = routines[number]
        cost[number] = len(body) + sum(cost[named] for statement in body for named in statement.named())
    if cost[0] > 100_000:
        raise Invalid("routines[0]", "a cost of at most 100000 (with that of the routines named)", cost[0])


def read_scenario(source):
    """The scenario in `source` (bytes of a JSON object), or Invalid."""
    try:
        raw = json.loads(source.decode())
    except (ValueError, RecursionError) as wrong:
        raise Invalid("file", f"JSON ({wrong})", source[:60].decode("utf-8", "replace")) from None
    if type(raw) is not dict:
        raise Invalid("file", "an object", raw)
    known(raw, TOP_FIELDS, ("galley_scenario", "routines"), "")
    integer(raw["galley_scenario"], 1, 1, "galley_scenario")
    text(raw.get("name", ""), "name")
    if raw.get("close", "destroy") not in ("destroy", "orderly"):
        raise Invalid("close", '"destroy" or "orderly"', raw["close"])
    values = {name: integer(raw.get(name, default), least, most, name)
              for name, (least, most, default) in TOP_NUMBERS.items()}
    if values["resolution"] & (values["resolution"] - 1):
        raise Invalid("resolution", "a power of two up to 2^40", raw["resolution"])
    for name, (least, most) in TOP_LISTS.items():
        items = array(raw.get(name, []), 0, 8, name)
        values[name] = [integer(one, least, most, f"{name}[{place}]") for place, one in enumerate(items)]
    limits = {name: len(values[name]) - 1 for name in TOP_LISTS}
    limits["events"], limits["mutexes"] = values["events"] - 1, values["mutexes"] - 1
    routines = read_routines(raw["routines"], limits)
    check_cost(routines)
    world, before = [], 0
    for index, entry in enumerate(array(raw.get("world", []), 0, 256, "world")):
        world.append(read_entry(entry, limits, before, f"world[{index}]"))
        before = world[-1].at
    return Scenario(**values, orderly=raw.get("close") == "orderly", routines=routines, world=world)


# --- What there is --------------------------------------------------------------------------------------------------

# An outcome (CANCEL-6: exactly one of three) is (how, value): ("value", text), ("error", code), ("cancelled", "").
OK, ZERO, CLOSED = ("value", "ok"), ("value", "0"), ("value", "closed")
CANCELLED, JOINED_CANCELLED = ("cancelled", ""), ("error", "0")
WORD = {"value": "value", "error": "exception", "cancelled": "cancelled"}  # of `end` and `scope`

# States of a task; the first two are also how `exit` shows it.
START, READY, RUNNING, WAITING, ENDED = "start", "ready", "running", "waiting", "ended"


@dataclass(slots=True, eq=False)
class Node:
    """A node of the scope tree: the root, a task, or a scope (scope: its id, 0 for the others)."""
    cancelled: bool
    task: object = None  # its own task: the task itself, or the owner of the scope
    scope: int = 0
    shield: bool = False
    requested: bool = False
    parent: object = None
    first: object = None  # children in the order in which they came, as a linked list
    last: object = None
    before: object = None
    after: object = None


@dataclass(slots=True, eq=False)
class Frame:
    """A routine under way, and the statement that called it (None: the task's own routine)."""
    body: list
    call: object = None
    node: object = None  # of scope, shield, timeout, group
    timer: int = 0  # of timeout
    group: object = None
    line: int = 0


@dataclass(slots=True, eq=False)
class Task:
    id: int
    routine: list
    owner: object = None  # the Children or Group that will be told of its end
    place: int = 0  # in the owner's list
    node: Node = None
    inner: Node = None  # its innermost open node
    state: str = START
    frames: list = field(default_factory=list)
    budget: int = 0
    statement: object = None  # the one that awaits
    kind: str = ""  # of that await, as the trace says it
    wait: str = ""  # what for: timer, join, line, operation, children
    subject: object = None  # the timer's number, joined task, line of waiters, Operation, Children or Group
    outcome: object = None  # of the await, fixed; of the task, once it has ended
    joiner: object = None
    held: bool = False  # a slot holds its handle
    ended: int = 0  # how many had ended then


@dataclass(slots=True, eq=False)
class Children:
    """An `all` or `any` under way."""
    owner: Task
    statement: Statement
    node: Node
    values: list
    left: int
    failed: object = None  # the child whose failure is remembered
    cancelled: bool = False  # all: a child ended cancelled
    winner: object = None  # any: the first child to end


@dataclass(slots=True, eq=False)
class Group:
    owner: Task
    node: Node
    left: int = 0
    open: bool = True  # takes children
    failure: object = None  # the first failure, an outcome
    failed: object = None  # the child that it came from (the owner: from the body)
    body: object = None  # the body's outcome, once it has ended
    child_cancelled: bool = False  # a child ended cancelled while the node was cancelled
    ending: str = ""  # as judged; the word of `scope close`


@dataclass(slots=True, eq=False)
class Event:
    is_set: bool = False
    waiters: OrderedDict = field(default_factory=OrderedDict)


@dataclass(slots=True, eq=False)
class Semaphore:
    permits: int
    waiters: OrderedDict = field(default_factory=OrderedDict)


@dataclass(slots=True, eq=False)
class Mutex:
    owner: object = None
    waiters: OrderedDict = field(default_factory=OrderedDict)


@dataclass(slots=True, eq=False)
class Queue:
    capacity: int
    items: deque = field(default_factory=deque)
    getters: OrderedDict = field(default_factory=OrderedDict)
    putters: OrderedDict = field(default_factory=OrderedDict)  # task: the item it brings
    closed: bool = False


@dataclass(slots=True, eq=False)
class Channel:
    room: int
    arrived: int = 0
    peers: int = 0
    end: bool = False
    failure: int = 0
    closed: bool = False
    reads: dict = field(default_factory=dict)  # in flight, in start order
    writes: dict = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Operation:
    id: int
    verb: str
    bytes: int
    channel: Channel
    task: Task


@dataclass(slots=True, eq=False)
class Timer:
    id: int
    key: int
    task: object  # the one that sleeps, or
    node: object  # the timeout's


@dataclass(slots=True, eq=False)
class Post:
    id: int
    event: object  # None: a wake


WRITES = ("write", "writable", "connect")  # IO-4: the others are reads


def result_of(outcome):
    """README 2, Results."""
    how, value = outcome
    return value if how == "value" else "error:" + value if how == "error" else "cancelled"


def failed(task):
    return task.state is ENDED and task.outcome[0] == "error"


# --- README 3, Cancellation: the scope tree -------------------------------------------------------------------------


def hang(node, parent):
    """`node` becomes the last child of `parent`."""
    node.parent, node.before = parent, parent.last
    if parent.last is None:
        parent.first = node
    else:
        parent.last.after = node
    parent.last = node


def dissolve(node):
    """`node` leaves the tree; what is left below it takes its place, in order, each as cancelled as it was."""
    parent, before, after = node.parent, node.before, node.after
    child = node.first
    while child is not None:
        child.parent = parent
        child = child.after
    first, last = (after, before) if node.first is None else (node.first, node.last)
    if node.first is not None:
        first.before, last.after = before, after
    if before is None:
        parent.first = first
    else:
        before.after = first
    if after is None:
        parent.last = last
    else:
        after.before = last


def mark_below(top):
    """Mark `top` and what is below it cancelled; the nodes, a node before what is below it, the last child first.

    A shield is passed over with all that is below it, and so is a node that was cancelled already."""
    top.cancelled = True
    marked, stack = [], [top]
    while stack:
        node = stack.pop()
        marked.append(node)
        child = node.first
        while child is not None:
            if not (child.shield or child.cancelled):
                child.cancelled = True
                stack.append(child)
            child = child.after
    return marked


def outer_cancelled(node):
    return not node.shield and node.parent.cancelled


class Oracle:
    """One loop, its driver and its program, from before the first run to the last refused post."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.out = [f'{{"galley_trace":1,"R":"{scenario.resolution}","B":{scenario.ask_every},'
                    f'"budget":{scenario.budget},"features":["P","L"]}}']
        self.emit = self.out.append
        # The program's things
        self.events = [Event() for _ in range(scenario.events)]
        self.semaphores = [Semaphore(permits) for permits in scenario.semaphores]
        self.mutexes = [Mutex() for _ in range(scenario.mutexes)]
        self.queues = [Queue(capacity) for capacity in scenario.queues]
        self.channels = [Channel(room) for room in scenario.channels]
        self.handles, self.groups, self.scopes = [None] * 16, [None] * 8, [None] * 8
        self.holds = {"hold_remote": 0, "keep_alive": 0}
        # The loop
        self.root = Node(False)
        self.tasks = []
        self.pending = self.endings = self.scope_ids = 0
        self.ready_queue, self.round, self.rounds = deque(), deque(), 0
        self.stop_requested = False
        self.reading, self.sample = 0, 0
        self.timers, self.timer_order, self.timer_ids = {}, [], 0
        self.inbox, self.posts = [], 0
        self.asked, self.steps_since_asked = False, 0
        # The driver
        self.clock = 0
        self.next_entry = 0
        posts = [index for index, entry in enumerate(scenario.world) if entry.verb in ("post", "wake")]
        self.last_post_entry = posts[-1] if posts else -1  # until it is delivered the world holds a remote
        self.operation_ids = self.in_flight = 0  # in flight: started and not collected
        self.completions = []  # (time, is a write, operation's id, operation, result)

    def play(self):
        """The whole story; returns the lines of the trace."""
        self.spawn(0, 0, self.root)  # main: once, before the first run, below the root
        for _ in range(self.scenario.runs):
            self.run()
        if self.scenario.orderly:  # LIFE-6
            self.cancel_node(self.root)
            self.run()
        self.destroy()
        return self.out

    # --- README 3, Tasks --------------------------------------------------------------------------------------------

    def spawn(self, routine, by, node, owner=None, place=0):
        """TASK-1. The task hangs below `node`; it starts cancelled if `node` is."""
        task = Task(len(self.tasks) + 1, self.scenario.routines[routine], owner, place)
        task.node = task.inner = Node(node.cancelled, task)
        hang(task.node, node)
        self.tasks.append(task)
        self.pending += 1
        self.emit(f'{{"ev":"spawn","task":{task.id},"by":{by},"scope":{node.scope}}}')
        self.ready_queue.append(task)
        self.emit(f'{{"ev":"ready","task":{task.id},"cause":"spawn"}}')
        return task

    def ready(self, task, cause, outcome):
        """READY-1, READY-4: append the task; how its await ended is fixed now."""
        task.state, task.outcome = READY, outcome
        self.ready_queue.append(task)
        self.emit(f'{{"ev":"ready","task":{task.id},"cause":"{cause}"}}')

    def unobserved(self, task):
        """TASK-3: never silent."""
        self.emit(f'{{"ev":"unobserved","task":{task.id}}}')

    # --- README 3, Steps --------------------------------------------------------------------------------------------

    def step(self, task):
        """READY-5: until the task awaits something unsatisfied, ends, or has used its budget."""
        start, task.state, task.budget = task.state is START, RUNNING, self.scenario.budget
        how = task.outcome[0] if not start else "cancelled" if task.node.cancelled else "start"
        self.emit(f'{{"ev":"step","task":{task.id},"now":"{self.sample}","with":"{how}"}}')
        if not start:
            self.deliver(task, task.statement, task.outcome)
        elif how == "cancelled":  # CANCEL-2: its body never runs
            self.end(task, CANCELLED)
        else:
            task.frames.append(Frame(task.routine))
        while task.state is RUNNING:
            frame = task.frames[-1]
            if frame.line < len(frame.body):
                statement = frame.body[frame.line]
                frame.line += 1
                self.execute(task, statement)
            else:
                self.leave(task, ZERO)

    def execute(self, task, statement):
        """`do_...` gives a result if the statement is over, an outcome if that is a satisfied await's, else None."""
        task.subject = None
        if task.inner.cancelled and statement.verb in GATED:  # gate 1, CANCEL-3: ends before it starts anything
            result = CANCELLED
        else:
            result = DO[statement.verb](self, task, statement)
        if type(result) is tuple:
            self.satisfied(task, statement, result)
        elif result is not None:
            self.did(task, statement, result)

    def did(self, task, statement, result):
        self.emit(f'{{"ev":"did","task":{task.id},"verb":"{statement.verb}","arg":"{statement.arg}",'
                  f'"result":"{result}"}}')

    def settle(self, task, statement, outcome):
        """The statement is over: its `did`; an exception or a cancellation leaves the routine (README 2, Results)."""
        self.did(task, statement, result_of(outcome))
        if outcome[0] != "value":
            self.leave(task, outcome)

    def leave(self, task, outcome):
        """The routine on top is left. (Calls nest no deeper than there are routines, and so does this.)"""
        frame = task.frames.pop()
        if frame.call is None:
            self.end(task, outcome)
        elif frame.group is not None:
            self.leave_group(task, frame, outcome)
        elif frame.node is not None:
            self.leave_scope(task, frame, outcome)
        elif frame.call.verb == "try":  # whatever the routine ends with, the program goes on
            self.did(task, frame.call, result_of(outcome))
        else:
            self.settle(task, frame.call, outcome)

    # --- README 3, Await --------------------------------------------------------------------------------------------

    def satisfied(self, task, statement, outcome):
        """Gate 2, READY-5: the effect is there; at budget zero the task is appended and hears of it when resumed."""
        task.budget -= 1
        if task.budget > 0:
            self.deliver(task, statement, outcome)
        else:
            self.ready(task, "budget", outcome)
            self.suspend(task, statement, "budget")

    def register(self, task, statement, wait, subject):
        """Gate 3."""
        task.state, task.wait, task.subject = WAITING, wait, subject
        self.suspend(task, statement, KIND.get(statement.verb, statement.verb))

    def suspend(self, task, statement, kind):
        task.statement, task.kind = statement, kind
        self.emit(f'{{"ev":"await","task":{task.id},"kind":"{kind}","arg":"{statement.arg}"}}')

    def deliver(self, task, statement, outcome):
        """The await of the statement is over for the task: in this step, or in the step that resumes it."""
        AFTER.get(statement.verb, Oracle.settle)(self, task, statement, outcome)

    def do_yield(self, task, statement):
        self.ready(task, "yield", OK)
        self.suspend(task, statement, "yield")

    # --- README 3, The end of a task (READY-6) ----------------------------------------------------------------------

    def end(self, task, outcome):
        how, value = outcome
        self.emit(f'{{"ev":"end","task":{task.id},"outcome":"{WORD[how]}","value":"{value}"}}')
        task.state, task.outcome = ENDED, outcome
        self.pending -= 1
        self.endings += 1
        task.ended = self.endings
        dissolve(task.node)
        if task.owner is not None:
            self.child_ended(task.owner, task)
        elif task.joiner is not None:
            self.ready(task.joiner, "join", self.joined(task))
        elif how == "error" and not task.held and task.id != 1:  # main's outcome is taken by whoever called run
            self.unobserved(task)

    def child_ended(self, owner, child):
        if type(owner) is Group:
            self.group_child_ended(owner, child)
        elif owner.statement.verb == "all":
            self.all_child_ended(owner, child)
        else:
            self.any_child_ended(owner, child)

    # --- README 2: spawn, join, cancel, drop; slots -----------------------------------------------------------------

    def do_spawn(self, task, statement):
        spawned = self.spawn(statement.op["routine"], task.id, task.inner)
        self.drop_handle(statement.op["handle"])
        self.handles[statement.op["handle"]] = spawned
        spawned.held = True
        return spawned.id

    def drop_handle(self, slot):
        """TASK-3: a failure is unobserved when its last holder goes without having taken it."""
        dropped, self.handles[slot] = self.handles[slot], None
        if dropped is None:
            return "empty"
        dropped.held = False
        if failed(dropped) and dropped.joiner is None:
            self.unobserved(dropped)
        return "ok"

    def do_drop(self, task, statement):
        return self.drop_handle(statement.op["handle"])

    def do_lose(self, task, statement):
        """TASK-8: the handle goes, and takes its task along."""
        answer = self.do_cancel(task, statement)
        self.drop_handle(statement.op["handle"])
        return answer

    def do_cancel(self, task, statement):
        target = self.handles[statement.op["handle"]]
        if target is None:
            return "empty"
        if target.state is ENDED:  # CANCEL-4
            return "no"
        self.cancel_node(target.node)
        return "yes"

    def do_join(self, task, statement):
        target = self.handles[statement.op["handle"]]
        if target is None:
            return "empty"
        if target.joiner is not None:  # TASK-2: joining twice is an error
            return "misuse"
        if task.inner.cancelled:  # gate 1, after the checks
            return CANCELLED
        target.joiner = task  # holds it until it is resumed
        if target.state is not ENDED:
            return self.register(task, statement, "join", target)
        task.subject = target
        return self.joined(target)

    def joined(self, target):
        """A join of a task that ended cancelled ends with exception code 0."""
        return JOINED_CANCELLED if target.outcome[0] == "cancelled" else target.outcome

    def after_join(self, task, statement, outcome):
        """A join that delivers empties the slot if it still holds that task; one that is cancelled leaves it."""
        if outcome[0] != "cancelled":
            target, slot = task.subject, statement.op["handle"]
            target.joiner = None
            if self.handles[slot] is target:
                self.handles[slot] = None
            target.held = False
        if statement.verb == "try_join" and outcome[0] == "error":  # TASK-10: an answer
            self.did(task, statement, result_of(outcome))
        else:
            self.settle(task, statement, outcome)

    # --- README 3, Cancellation -------------------------------------------------------------------------------------

    def cancel_node(self, node):
        """CANCEL-7: below first, in order, depth first; the node's own task at last."""
        node.requested = True
        for reached in reversed([node] if node.cancelled else mark_below(node)):
            if reached.task is not None and (reached is node or reached.scope == 0):
                self.interrupt(reached.task)

    def interrupt(self, task):
        """CANCEL-1. CANCEL-3: not what waits behind a shield, and not what is running, ready or not started."""
        if task.state is not WAITING or not task.inner.cancelled or task.wait == "children":
            return
        if task.wait == "operation":
            self.cancel_operation(task.subject)
            return
        if task.wait == "timer":
            del self.timers[task.subject]
        elif task.wait == "join":
            task.subject.joiner = None
        else:  # SYNC-2
            del task.subject[task]
        task.subject = None
        self.ready(task, "cancel", CANCELLED)

    def open_node(self, task, shield=False):
        """A new node is cancelled at once if the node it hangs below is, unless it is a shield."""
        self.scope_ids += 1
        node = Node(task.inner.cancelled and not shield, task, self.scope_ids, shield)
        hang(node, task.inner)
        task.inner = node
        word = "shield" if shield else "open"
        self.emit(f'{{"ev":"scope","task":{task.id},"id":{node.scope},"do":"{word}"}}')
        return node

    def close_node(self, node, word):
        node.task.inner = node.parent
        dissolve(node)
        self.emit(f'{{"ev":"scope","task":{node.task.id},"id":{node.scope},"do":"close","outcome":"{word}"}}')

    # --- README 3, call, try; scope, shield, timeout ----------------------------------------------------------------

    def do_call(self, task, statement):
        """TASK-4: same task, same step, no budget."""
        task.frames.append(Frame(self.scenario.routines[statement.op["routine"]], statement))

    def do_scope(self, task, statement):
        slot = statement.op["scope"]
        if self.scopes[slot] is not None:
            return "misuse"
        self.scopes[slot] = self.enter_scope(task, statement).node
        return None

    def do_shield(self, task, statement):
        self.enter_scope(task, statement)

    def do_timeout(self, task, statement):
        frame = self.enter_scope(task, statement)
        frame.timer = self.start_timer(self.relative_key(statement.op["ns"]), None, frame.node)

    def do_timeout_at(self, task, statement):
        """TIME-9: reads no clock."""
        frame = self.enter_scope(task, statement)
        frame.timer = self.start_timer(self.absolute_key(statement.op["at"]), None, frame.node)

    def enter_scope(self, task, statement):
        node = self.open_node(task, statement.verb == "shield")
        frame = Frame(self.scenario.routines[statement.op["routine"]], statement, node)
        task.frames.append(frame)
        return frame

    def leave_scope(self, task, frame, outcome):
        """CANCEL-5: a cancellation is absorbed by the scope that was asked to cancel, unless the outer wins."""
        statement, node = frame.call, frame.node
        self.timers.pop(frame.timer, None)
        if statement.verb == "scope":
            self.scopes[statement.op["scope"]] = None
        word = WORD[outcome[0]]
        if word == "cancelled" and node.requested and not outer_cancelled(node):
            word, outcome = "absorbed", ("value", "timeout" if statement.verb in TIMEOUTS else "absorbed")
        self.close_node(node, word)
        self.settle(task, statement, outcome)

    def do_cancel_scope(self, task, statement):
        node = self.scopes[statement.op["scope"]]
        if node is not None:
            self.cancel_node(node)
        return "no" if node is None else "yes"

    # --- README 3, all ----------------------------------------------------------------------------------------------

    def do_all(self, task, statement):
        routines = statement.op["routines"]
        if not routines:  # no node is opened
            return ("value", "")
        children = Children(task, statement, self.open_node(task), [""] * len(routines), len(routines))
        for place, routine in enumerate(routines):
            self.spawn(routine, task.id, children.node, children, place)
        return self.register(task, statement, "children", children)

    def all_child_ended(self, children, child):
        """TASK-6."""
        children.left -= 1
        how, value = child.outcome
        if how == "value":
            children.values[child.place] = value
        elif how == "cancelled":
            children.cancelled = True
        elif children.failed is None:
            children.failed = child
            self.cancel_node(children.node)
        else:
            self.unobserved(child)
        if children.left == 0:
            self.ready(children.owner, "children", self.judge_all(children))

    def judge_all(self, children):
        """When the last child ends; a later cancellation does not change it."""
        if children.failed is not None:
            return children.failed.outcome
        if children.cancelled:
            return CANCELLED if outer_cancelled(children.node) else JOINED_CANCELLED
        return ("value", ",".join(children.values))

    def after_children(self, task, statement, outcome):
        """Resumed, the node is closed. (No children: an empty list, or refused.)"""
        if task.subject is not None:
            self.close_node(task.subject.node, WORD[outcome[0]])
        self.settle(task, statement, outcome)

    # --- README 3, any ----------------------------------------------------------------------------------------------

    def any_child_ended(self, children, child):
        """TASK-7."""
        children.left -= 1
        if children.winner is None:
            children.winner = child
            children.failed = child if failed(child) else None
            if children.left > 0:
                self.cancel_node(children.node)
        elif failed(child):
            self.unobserved(child)
        if children.left == 0:
            self.ready(children.owner, "children", self.judge_any(children))

    def judge_any(self, children):
        winner = children.winner
        how, value = winner.outcome
        if how == "value":
            return ("value", f"{winner.place}:{value}")
        if how == "error":
            return winner.outcome
        return CANCELLED if outer_cancelled(children.node) else JOINED_CANCELLED

    # --- README 3, group --------------------------------------------------------------------------------------------

    def do_group(self, task, statement):
        slot = statement.op["group"]
        if self.groups[slot] is not None:
            return "misuse"
        frame = self.enter_scope(task, statement)
        frame.group = self.groups[slot] = Group(task, frame.node)
        return None

    def do_go(self, task, statement):
        group = self.groups[statement.op["group"]]
        if group is None or not group.open:
            return "misuse"
        group.left += 1
        return self.spawn(statement.op["routine"], task.id, group.node, group).id

    def do_cancel_group(self, task, statement):
        group = self.groups[statement.op["group"]]
        if group is None or not group.open:
            return "misuse"
        self.cancel_node(group.node)
        return "yes"

    def leave_group(self, task, frame, outcome):
        """The body has ended; then the exit, an await that gate 1 does not refuse."""
        group = task.subject = frame.group
        group.body = outcome
        if outcome[0] == "error":
            if group.failure is None:
                group.failure, group.failed = outcome, task
            else:
                self.unobserved(task)
        if outcome[0] != "value":
            self.cancel_node(group.node)
        if group.left == 0:
            self.satisfied(task, frame.call, self.judge_group(group))
        else:
            self.register(task, frame.call, "children", group)

    def group_child_ended(self, group, child):
        """TASK-6: the first failure cancels the rest; every failure is reported."""
        group.left -= 1
        how = child.outcome[0]
        if how == "cancelled" and group.node.cancelled:
            group.child_cancelled = True
        elif how == "error" and group.failure is None:
            group.failure, group.failed = child.outcome, child
            self.cancel_node(group.node)
        elif how == "error":
            self.unobserved(child)
        if group.left == 0 and group.body is not None:
            self.ready(group.owner, "children", self.judge_group(group))

    def judge_group(self, group):
        """When the last child ends, or at once if none is left: from then on it takes no more."""
        group.open = False
        if group.failure is not None:
            group.ending = "exception"
            return group.failure
        if group.body[0] == "value" and not group.child_cancelled:
            group.ending = "value"
            return group.body
        if group.node.requested and not outer_cancelled(group.node):
            group.ending = "absorbed"
            return ("value", "absorbed")
        group.ending = "cancelled"
        return CANCELLED

    def after_group(self, task, statement, outcome):
        group = task.subject
        self.groups[statement.op["group"]] = None
        self.close_node(group.node, group.ending)
        self.settle(task, statement, outcome)

    # --- README 3, Synchronisation (SYNC-1: FIFO, by direct hand-over) ----------------------------------------------

    def stand_in_line(self, task, statement, line, item=None):
        line[task] = item
        return self.register(task, statement, "line", line)

    def serve_first(self, line, outcome=OK):
        """Returns the task served and what it had brought."""
        task, item = line.popitem(last=False)
        self.ready(task, "handover", outcome)
        return task, item

    def set_event(self, event):
        event.is_set = True
        while event.waiters:
            self.serve_first(event.waiters)

    def do_set(self, task, statement):
        self.set_event(self.events[statement.op["event"]])
        return "ok"

    def do_reset(self, task, statement):
        self.events[statement.op["event"]].is_set = False
        return "ok"

    def do_wait(self, task, statement):
        event = self.events[statement.op["event"]]
        if event.is_set:
            return OK
        return self.stand_in_line(task, statement, event.waiters)

    def do_acquire(self, task, statement):
        semaphore = self.semaphores[statement.op["semaphore"]]
        if semaphore.permits > 0:
            semaphore.permits -= 1
            return OK
        return self.stand_in_line(task, statement, semaphore.waiters)

    def do_release(self, task, statement):
        semaphore = self.semaphores[statement.op["semaphore"]]
        if semaphore.waiters:
            self.serve_first(semaphore.waiters)
        else:
            semaphore.permits += 1
        return "ok"

    def do_lock(self, task, statement):
        mutex = self.mutexes[statement.op["mutex"]]
        if mutex.owner is None:
            mutex.owner = task
            return OK
        return self.stand_in_line(task, statement, mutex.waiters)

    def do_unlock(self, task, statement):
        mutex = self.mutexes[statement.op["mutex"]]
        if mutex.owner is not task:
            return "misuse"
        mutex.owner = self.serve_first(mutex.waiters)[0] if mutex.waiters else None
        return "ok"

    def do_put(self, task, statement):
        queue, item = self.queues[statement.op["queue"]], str(statement.op["value"])
        if queue.closed:
            return CLOSED
        if queue.getters:
            self.serve_first(queue.getters, ("value", item))
            return OK
        if len(queue.items) < queue.capacity:
            queue.items.append(item)
            return OK
        return self.stand_in_line(task, statement, queue.putters, item)

    def do_get(self, task, statement):
        queue = self.queues[statement.op["queue"]]
        if queue.items:
            item = queue.items.popleft()
            if queue.putters:
                queue.items.append(self.serve_first(queue.putters)[1])
            return ("value", item)
        if queue.closed:
            return CLOSED
        return self.stand_in_line(task, statement, queue.getters)

    def do_close_queue(self, task, statement):
        """SYNC-3: getters drain, then see closed; blocked putters see closed."""
        queue = self.queues[statement.op["queue"]]
        queue.closed = True
        for line in (queue.getters, queue.putters):
            while line:
                self.serve_first(line, CLOSED)
        return "ok"

    # --- README 3, Time ---------------------------------------------------------------------------------------------

    def read_clock(self):
        """TIME-1: a clock that jumps back is clamped."""
        self.reading = max(self.reading, self.clock)
        return self.reading

    def move_clock(self, ns):
        self.clock = min(max(self.clock + ns, 0), LAST_NS)

    def round_down(self, time):
        return time - time % self.scenario.resolution

    def round_up(self, time):
        """TIME-2, TIME-7: saturating to the last multiple of R."""
        return self.round_down(min(time + self.scenario.resolution - 1, LAST_NS))

    def relative_key(self, ns):
        """TIME-9: counts from the clock read inside the call. TIME-6: zero away is due at the next collect."""
        deadline = min(self.read_clock() + ns, LAST_NS)
        return self.round_up(deadline) if ns > 0 else self.round_down(self.sample)

    def absolute_key(self, at):
        """TIME-2: past is what is not after the sample."""
        return self.round_up(at) if at > self.sample else self.round_down(self.sample)

    def start_timer(self, key, task, node):
        self.timer_ids += 1
        self.timers[self.timer_ids] = Timer(self.timer_ids, key, task, node)
        heapq.heappush(self.timer_order, (key, self.timer_ids))
        return self.timer_ids

    def first_timer(self):
        """TIME-4: the first by (key, start order); None if there is none."""
        while self.timer_order and self.timer_order[0][1] not in self.timers:
            heapq.heappop(self.timer_order)
        return self.timers[self.timer_order[0][1]] if self.timer_order else None

    def fire_timers(self):
        """TIME-3: all that are due, one at a time; one that is cancelled before its turn does not fire."""
        timer = self.first_timer()
        while timer is not None and timer.key <= self.sample:
            del self.timers[timer.id]
            self.emit(f'{{"ev":"fire","timer":{timer.id},"key":"{timer.key}"}}')
            if timer.node is None:
                self.ready(timer.task, "timer", OK)
            else:
                self.cancel_node(timer.node)
            timer = self.first_timer()

    def do_sleep(self, task, statement):
        self.register(task, statement, "timer", self.start_timer(self.relative_key(statement.op["ns"]), task, None))

    def do_sleep_until(self, task, statement):
        key = self.absolute_key(statement.op["at"])
        self.register(task, statement, "timer", self.start_timer(key, task, None))

    def do_burn(self, task, statement):
        self.move_clock(statement.op["ns"])
        return "ok"

    def do_now(self, task, statement):
        return self.read_clock()

    # --- README 3, Operations ---------------------------------------------------------------------------------------

    def do_operation(self, task, statement):
        """IO-1: starts, and may complete at once. IO-5: errors are values."""
        self.operation_ids += 1
        channel = self.channels[statement.op["channel"]]
        operation = Operation(self.operation_ids, statement.verb, statement.op.get("bytes", 0), channel, task)
        result = self.attempt(operation, channel)
        if result is not None:
            return ("value", result)
        (channel.writes if operation.verb in WRITES else channel.reads)[operation.id] = operation
        self.in_flight += 1
        return self.register(task, statement, "operation", operation)

    def attempt(self, operation, channel):
        """The result, or None if the operation cannot complete yet."""
        verb = operation.verb
        if channel.closed:
            return "errno:9"
        if channel.failure:
            return f"errno:{channel.failure}"
        if verb == "read":
            moved = min(channel.arrived, operation.bytes)
            channel.arrived -= moved
            return str(moved) if moved > 0 or channel.end else None
        if verb == "write":
            moved = min(channel.room, operation.bytes)
            channel.room -= moved
            return str(moved) if moved > 0 else None
        if verb == "readable":
            return "ok" if channel.arrived > 0 or channel.end else None
        if verb == "writable":
            return "ok" if channel.room > 0 else None
        if channel.peers == 0:  # accept, connect
            return None
        channel.peers -= 1
        return "ok"

    def attempt_again(self, channel, time):
        """The channel has changed: its operations in flight, first reads, then writes, each in start order."""
        for line in (channel.reads, channel.writes):
            for operation in list(line.values()):
                result = self.attempt(operation, channel)
                if result is not None:
                    self.complete(operation, time, result)

    def complete(self, operation, time, result):
        """IO-1: exactly once. The completion waits in the driver until that is asked."""
        is_write = operation.verb in WRITES
        del (operation.channel.writes if is_write else operation.channel.reads)[operation.id]
        self.completions.append((time, is_write, operation.id, operation, result))

    def cancel_operation(self, operation):
        """IO-3: a request; of no effect on an operation whose completion waits already."""
        if operation.id in operation.channel.reads or operation.id in operation.channel.writes:
            self.complete(operation, self.clock, "cancelled")

    def do_close(self, task, statement):
        """IO-6."""
        channel = self.channels[statement.op["channel"]]
        if channel.closed:
            return "errno:9"
        channel.closed = True
        for operation in [*channel.reads.values(), *channel.writes.values()]:
            self.complete(operation, self.clock, "errno:125")
        return "ok"

    # --- README 3, Posts; stop; what keeps the loop -----------------------------------------------------------------

    def post(self, event):
        self.posts += 1
        self.inbox.append(Post(self.posts, event))

    def do_post(self, task, statement):
        self.post(self.events[statement.op["event"]])
        return "ok"

    def do_stop(self, task, statement):
        self.stop_requested = True
        return "ok"

    def do_hold(self, task, statement):
        self.holds[statement.verb] += 1
        return "ok"

    def do_let_go(self, task, statement):
        what = "hold_remote" if statement.verb == "drop_remote" else "keep_alive"
        if self.holds[what] == 0:
            return "misuse"
        self.holds[what] -= 1
        return "ok"

    def do_fail(self, task, statement):
        self.settle(task, statement, ("error", statement.arg))

    def do_return(self, task, statement):
        self.did(task, statement, "ok")
        self.leave(task, ("value", statement.arg))

    # --- README 3, The driver ---------------------------------------------------------------------------------------

    def entry_due(self):
        world = self.scenario.world
        return self.next_entry < len(world) and world[self.next_entry].at <= self.clock

    def deliver_world(self):
        while self.entry_due():
            entry = self.scenario.world[self.next_entry]
            self.emit(f'{{"ev":"world","entry":{self.next_entry}}}')
            self.next_entry += 1
            if entry.verb == "stop":
                self.stop_requested = True
            elif entry.verb == "jump":
                self.move_clock(entry.op["ns"])
            elif entry.verb == "post":
                self.post(self.events[entry.op["event"]])
            elif entry.verb == "wake":
                self.post(None)
            else:
                self.change_channel(self.channels[entry.op["channel"]], entry)

    def change_channel(self, channel, entry):
        if channel.closed:
            return
        if entry.verb == "data":
            channel.arrived = min(channel.arrived + entry.op["bytes"], MOST_BYTES)
        elif entry.verb == "room":
            channel.room = min(channel.room + entry.op["bytes"], MOST_BYTES)
        elif entry.verb == "end":
            channel.end = True
        elif entry.verb == "break":
            channel.failure = entry.op["code"]
        else:
            channel.peers += 1
        self.attempt_again(channel, entry.at)

    def pass_time(self, deadline):
        """A blocking wait moves the clock (never backwards), unless there is something to report already."""
        if self.completions or self.entry_due():
            return
        world = self.scenario.world
        ends = [] if deadline is None else [deadline]
        if self.next_entry < len(world):
            ends.append(world[self.next_entry].at)
        self.clock = max(self.clock, min(ends))  # nothing to end it: (a) would have said deadlocked

    def exhausted(self):
        """LIFE-7."""
        return self.next_entry == len(self.scenario.world) and not self.completions

    # --- README 3, The loop -----------------------------------------------------------------------------------------

    def verdict(self):
        """(a) without consuming; LIFE-1, LIFE-3, LIFE-7."""
        if self.stop_requested:
            return "stopped"
        if self.pending == 0 and self.holds["keep_alive"] == 0:
            return "completed"
        if self.ready_queue or self.timers or self.inbox:
            return None
        remote = self.holds["hold_remote"] > 0 or self.next_entry <= self.last_post_entry
        if (not remote and self.in_flight == 0) or self.exhausted():
            return "deadlocked"
        return None

    def consult(self):
        """(b) and (c): WAIT-1, WAIT-2, WAIT-4. Returns the completions reported."""
        if not self.ready_queue and not self.inbox:
            timer = self.first_timer()
            until = None if timer is None else timer.key
            self.emit(f'{{"ev":"wait","until":"{"never" if until is None else until}"}}')
            self.pass_time(until)
        elif self.asked and self.steps_since_asked < self.scenario.ask_every:
            return ()
        self.asked, self.steps_since_asked = True, 0
        self.deliver_world()
        completions, self.completions = sorted(self.completions), []
        if self.read_clock() != self.sample:
            self.sample = self.reading
            self.emit(f'{{"ev":"sample","now":"{self.sample}"}}')
        return completions

    def collect(self, completions):
        """(d), READY-1: operations, then timers, then posts."""
        for _, _, _, operation, result in completions:
            self.in_flight -= 1
            self.emit(f'{{"ev":"complete","op":{operation.id},"result":"{result}"}}')
            self.ready(operation.task, "complete", CANCELLED if result == "cancelled" else ("value", result))
        self.fire_timers()
        inbox, self.inbox = self.inbox, []
        for post in inbox:
            if post.event is not None:
                self.ready_queue.append(post)
                self.emit('{"ev":"ready","task":0,"cause":"post"}')

    def begin_round(self):
        """(e) and (f); LIFE-2, READY-2."""
        if not self.stop_requested and self.ready_queue:
            self.round, self.ready_queue = self.ready_queue, self.round  # the old round is used up
            self.rounds += 1
            self.emit(f'{{"ev":"round","n":{self.rounds},"count":{len(self.round)}}}')

    def turn(self, entry):
        """One entry of the round: a step, or a callback."""
        self.steps_since_asked += 1
        if type(entry) is Task:
            self.step(entry)
        else:
            self.emit(f'{{"ev":"callback","post":{entry.id}}}')
            self.set_event(entry.event)

    # --- README 3, Boxes --------------------------------------------------------------------------------------------

    def run(self):
        emit = self.emit
        emit('{"ev":"run"}')
        emit('{"ev":"box","name":"start"}')
        self.asked = False
        while True:
            emit('{"ev":"box","name":"pending"}')
            if not self.round and (verdict := self.verdict()) is not None:
                break
            emit('{"ev":"box","name":"pick"}')
            if self.round:
                entry = self.round.popleft()
                emit('{"ev":"box","name":"run"}')
                self.turn(entry)
                emit('{"ev":"box","name":"save"}')
            emit('{"ev":"box","name":"check"}')
            if not self.round and self.verdict() is None:
                self.collect(self.consult())
                self.begin_round()
            emit('{"ev":"box","name":"continue"}')
        if verdict == "stopped":
            self.stop_requested = False
        self.exit(verdict)

    # --- README 3, Exit; After the runs -----------------------------------------------------------------------------

    def exit(self, verdict):
        pending = ",".join(f'{{"task":{task.id},"await":"{task.kind if task.state is WAITING else task.state}"}}'
                           for task in self.tasks if task.state is not ENDED)
        self.emit(f'{{"ev":"exit","verdict":"{verdict}","pending":[{pending}]}}')

    def destroy(self):
        """LIFE-5, TASK-3, POST-4."""
        for task in reversed(self.tasks):
            if task.state is not ENDED:
                self.emit(f'{{"ev":"destroyed","task":{task.id}}}')
                for child in self.failures_dying_with(task):
                    self.unobserved(child)
        left = [task for task in self.handles if task is not None and failed(task)]
        for task in sorted(left, key=lambda task: task.ended):
            self.unobserved(task)
        for entry in self.scenario.world[self.next_entry:]:
            if entry.verb in ("post", "wake"):
                self.posts += 1
                self.emit(f'{{"ev":"refused","post":{self.posts}}}')

    def failures_dying_with(self, task):
        """What only this joiner holds; what the `all`, `any` and groups it is in remember, innermost first."""
        subject, found = task.subject, []
        if type(subject) is Task:
            found.append(subject if failed(subject) and not subject.held else None)
        elif type(subject) in (Children, Group):
            found.append(subject.failed)
        for frame in reversed(task.frames):
            if frame.group is not None:
                found.append(frame.group.failed)
        return [one for one in found if one is not None]


OPERATIONS = ("read", "write", "accept", "connect", "readable", "writable")
TIMEOUTS = ("timeout", "timeout_at")
KIND = {"sleep_until": "sleep", "try_join": "join"}  # of an await, if it is not the statement's name
SAME = {"try": "call", "any": "all", "try_join": "join", "hold_remote": "hold", "keep_alive": "hold",
        "drop_remote": "let_go", "drop_keep_alive": "let_go"} | {verb: "operation" for verb in OPERATIONS}
GATED = {"yield", "sleep", "sleep_until", "all", "any", "wait", "acquire", "lock", "put", "get", *OPERATIONS}
DO = {verb: getattr(Oracle, "do_" + SAME.get(verb, verb)) for verb in STATEMENTS}
AFTER = {"join": Oracle.after_join, "try_join": Oracle.after_join, "all": Oracle.after_children, "any": Oracle.after_children,
         "group": Oracle.after_group}


def derive(source):
    """The lines of the trace of the scenario in `source` (bytes of JSON); Invalid if README 1 or 2 forbids it."""
    return Oracle(read_scenario(source)).play()


def answer(question):
    try:
        return "\n".join(derive(question))
    except Invalid as wrong:
        return json.dumps({"error": str(wrong)}, separators=(",", ":"))


def batch(questions, out):
    rest, ended = b"", False
    while not ended:
        chunk = questions.read1(1 << 16)  # what is there, though that be one line
        ended = not chunk
        *lines, rest = (rest + (chunk or b"\n")).split(b"\n")
        for line in lines:
            if line:
                out.write(answer(line) + "\n\n")
        out.flush()  # whoever asks may wait for these answers before asking again


def main(arguments):
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if arguments[0] == "--batch":
        try:
            batch(sys.stdin.buffer, sys.stdout)
        except BrokenPipeError:  # whoever asked has died, and has said why
            os._exit(2)  # at once: a plain exit would try to write the rest
        return 0
    try:
        if arguments[0] == "-":
            source = sys.stdin.buffer.read()
        else:
            with open(arguments[0], "rb") as file:
                source = file.read()
        sys.stdout.write("\n".join(derive(source)) + "\n")
    except (Invalid, OSError) as wrong:
        print(f"{arguments[0]}: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
