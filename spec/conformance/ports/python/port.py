#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""A port of the event loop in Python, on generators, and its adapter (spec/conformance/PROTOCOL.md).

A task is a generator: it runs until it yields, and what is sent into it is the outcome of its await. All classes below are
one loop under virtual time, as spec/scenario/README.md describes it; the rules that a piece keeps are named at it. Without an
argument the traces are of level P; with the argument PL they have the events of level L as well.
"""
import inspect
import json
import sys
from collections import deque

END_OF_TIME = 2**63 - 1
MOST_BYTES = 2**62
FEATURES = ["tasks", "join", "failure", "cancel", "scope", "group", "all", "any", "event", "semaphore", "mutex", "queue",
            "channel", "post", "keep_alive", "budget", "stop", "rerun", "deadlock", "jump", "destroy", "orderly",
            "composition"]
LEVEL_L = {"box", "wait", "sample", "world", "fire", "complete", "ready", "round"}
READS = {"read", "readable", "accept"}
OPERANDS = {  # of the statements that have some, in the order of `arg`
    "sleep": ["ns"], "sleep_until": ["at"], "burn": ["ns"], "spawn": ["routine", "handle"], "join": ["handle"],
    "try_join": ["handle"], "lose": ["handle"], "timeout_at": ["at", "routine"],
    "cancel": ["handle"], "drop": ["handle"], "call": ["routine"], "try": ["routine"], "all": ["routines"], "any": ["routines"],
    "group": ["group", "routine"], "go": ["group", "routine"], "cancel_group": ["group"], "scope": ["scope", "routine"],
    "cancel_scope": ["scope"], "shield": ["routine"], "timeout": ["ns", "routine"], "set": ["event"], "reset": ["event"],
    "wait": ["event"], "acquire": ["semaphore"], "release": ["semaphore"], "lock": ["mutex"], "unlock": ["mutex"],
    "put": ["queue", "value"], "get": ["queue"], "close_queue": ["queue"], "read": ["channel", "bytes"],
    "write": ["channel", "bytes"], "accept": ["channel"], "connect": ["channel"], "readable": ["channel"],
    "writable": ["channel"], "close": ["channel"], "fail": ["value"], "return": ["value"], "post": ["event"]}


# Outcomes of an await: ("value", result), ("error", code) or ("cancelled", None). In a routine the last two are exceptions.

class Failure(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Cancelled(Exception):
    pass


CANCELLED = ("cancelled", None)


def value(result):
    return ("value", result)


def deliver(outcome):
    how, what = outcome
    if how == "error":
        raise Failure(what)
    if how == "cancelled":
        raise Cancelled
    return what


# The scope tree (CANCEL-7)

class Node:
    """A task's place in the tree, or a scope that a task has open. The root is the node without owner."""

    def __init__(self, parent=None, owner=None, number=0, shield=False):
        self.parent, self.owner, self.number, self.shield = parent, owner, number, shield
        self.children = []
        self.requested = False
        self.cancelled = parent is not None and parent.cancelled and not shield
        if parent is not None:
            parent.children.append(self)

    def is_task(self):
        return self.owner is not None and self.owner.node is self

    def outer_cancelled(self):
        return not self.shield and self.parent.cancelled

    def leave(self):
        """What is still below takes this node's place, in order."""
        for child in self.children:
            child.parent = self.parent
        place = self.parent.children.index(self)
        self.parent.children[place:place + 1] = self.children


class Task:
    def __init__(self, number, routine, place):
        self.number, self.routine = number, routine
        self.node = None  # so that the node can be asked whether it is this task's
        self.node = Node(place, self)
        self.place = self.node     # the innermost open node
        self.generator = None      # until the first step
        self.state = "start"       # start, ready, running, waiting, ended
        self.awaits = None         # the kind of its await
        self.withdraw = None       # takes a wait back, if that is possible
        self.operation = None      # the operation that it waits for
        self.delivery = None       # the outcome of its await, when it is ready
        self.budget = 0
        self.outcome = None
        self.held = False          # by a handle in a slot
        self.joiner = None         # from its await until it is resumed, or withdrawn
        self.joining = None        # the same, seen from the joiner
        self.family = None         # the all, any or group that started it
        self.families = []         # those that it has open itself
        self.taken = False         # its outcome has been taken, or its failure reported

    def failed(self):
        return self.outcome is not None and self.outcome[0] == "error"


class Family:
    """The children of an all, an any or a group, and what is known about how they ended."""

    def __init__(self, kind, owner, node):
        self.kind, self.owner, self.node = kind, owner, node
        self.children = []
        self.left = 0
        self.failure = None        # (whose, code): the first
        self.winner = None         # of any
        self.cut_short = False     # somebody ended cancelled
        self.body = None           # a group's body: its value, if it ended with one
        self.exiting = False       # the group's body has ended
        self.judged = False


# The simulated driver and its world

class Operation:
    def __init__(self, number, task, kind, channel, size):
        self.number, self.task, self.kind, self.channel, self.size = number, task, kind, channel, size

    def order(self):
        return (self.kind not in READS, self.number)


class Channel:
    def __init__(self, room):
        self.bytes, self.room, self.peers = 0, room, 0
        self.end, self.failure, self.closed = False, None, False
        self.in_flight = []

    def attempt(self, operation):
        """The result, if there is one now."""
        if self.closed:
            return "errno:9"
        if self.failure is not None:
            return f"errno:{self.failure}"
        kind = operation.kind
        if kind == "read" and (self.bytes or self.end):
            moved = min(self.bytes, operation.size)
            self.bytes -= moved
            return str(moved)
        if kind == "write" and self.room:
            moved = min(self.room, operation.size)
            self.room -= moved
            return str(moved)
        if kind in ("accept", "connect") and self.peers:
            self.peers -= 1
            return "ok"
        if kind == "readable" and (self.bytes or self.end) or kind == "writable" and self.room:
            return "ok"
        return None

    def change(self, what, entry):
        if what == "data":
            self.bytes = min(self.bytes + int(entry["bytes"]), MOST_BYTES)
        elif what == "room":
            self.room = min(self.room + int(entry["bytes"]), MOST_BYTES)
        elif what == "peer":
            self.peers += 1
        elif what == "end":
            self.end = True
        elif what == "break":
            self.failure = int(entry["code"])


class Driver:
    """A clock that moves only when told to, the script of the world, and the completions that nobody has asked for yet."""

    def __init__(self, loop, scenario):
        self.loop, self.clock = loop, 0
        self.script, self.next = scenario.get("world", []), 0
        self.channels = [Channel(int(room)) for room in scenario.get("channels", [])]
        self.done = []             # (time, operation, result)

    def move(self, nanoseconds):
        self.clock = max(0, min(self.clock + nanoseconds, END_OF_TIME))

    def exhausted(self):
        return self.next == len(self.script) and not self.done

    def posts_to_come(self):
        return any(entry["do"] in ("post", "wake") for entry in self.script[self.next:])

    def wait(self, until):
        """Block: until the first of the world's deeds and the loop's deadline (WAIT-2, WAIT-3)."""
        coming = int(self.script[self.next]["at"]) if self.next < len(self.script) else None
        if not self.done and (coming is None or coming > self.clock):
            self.clock = max(self.clock, min(moment for moment in (until, coming) if moment is not None))
        return self.ask()

    def ask(self):
        """Take what has completed, in the order of READY-1."""
        while self.next < len(self.script) and int(self.script[self.next]["at"]) <= self.clock:
            self.next += 1
            self.loop.emit("world", entry=self.next - 1)
            self.act(self.script[self.next - 1])
        reported = sorted(self.done, key=lambda completion: (completion[0], completion[1].order()))
        self.done = []
        return [(operation, result) for _, operation, result in reported]

    def act(self, entry):
        what = entry["do"]
        if what == "stop":
            self.loop.stop_requested = True
        elif what == "post":
            self.loop.post(int(entry["event"]))
        elif what == "wake":
            self.loop.post(None)
        elif what == "jump":
            self.move(int(entry["ns"]))
        else:
            channel = self.channels[int(entry["channel"])]
            if not channel.closed:
                channel.change(what, entry)
                for operation in sorted(channel.in_flight, key=Operation.order):
                    self.complete(operation, channel.attempt(operation), int(entry["at"]))

    def complete(self, operation, result, when):
        if result is not None:
            operation.channel.in_flight.remove(operation)
            self.done.append((when, operation, result))

    def cancel(self, operation):
        """A request: what has completed stays completed (IO-3)."""
        if operation in operation.channel.in_flight:
            self.complete(operation, "cancelled", self.clock)

    def close(self, channel):
        if channel.closed:
            return "errno:9"
        channel.closed = True
        for operation in list(channel.in_flight):
            self.complete(operation, "errno:125", self.clock)
        return "ok"


# The loop

class Queue:
    def __init__(self, capacity):
        self.capacity, self.items, self.closed = capacity, deque(), False
        self.getters, self.putters = [], []


class Loop:
    def __init__(self, scenario):
        self.trace = []
        self.resolution = int(scenario.get("resolution", 1))
        self.ask_every = int(scenario.get("ask_every", 1))
        self.budget = int(scenario.get("budget", 16))
        self.routines = [routine["body"] for routine in scenario["routines"]]
        self.driver = Driver(self, scenario)
        # what is ready, and the round
        self.ready, self.round, self.rounds = deque(), deque(), 0
        self.turns_since_asked, self.asked = 0, False
        # time
        self.sample, self.last_reading = 0, 0
        self.timers, self.timers_started = {}, 0    # number: (key, number, effect)
        # what comes from outside
        self.inbox, self.posts, self.stop_requested = deque(), 0, False
        self.operations, self.operations_in_flight = 0, 0
        self.remotes, self.keep_alives = 0, 0
        # tasks
        self.root, self.scopes = Node(), 0
        self.tasks, self.pending, self.ended = 0, {}, []
        # what the program names by number
        self.handles, self.groups, self.open_scopes = {}, {}, {}
        self.events = [False] * int(scenario.get("events", 0))
        self.event_waiters = [[] for _ in self.events]
        self.permits = [int(count) for count in scenario.get("semaphores", [])]
        self.permit_waiters = [[] for _ in self.permits]
        self.owners = [None] * int(scenario.get("mutexes", 0))
        self.lock_waiters = [[] for _ in self.owners]
        self.queues = [Queue(int(capacity)) for capacity in scenario.get("queues", [])]

    def emit(self, event, **fields):
        self.trace.append({"ev": event, **fields})

    def play(self, scenario):
        self.spawn(0, self.root, by=0)
        for _ in range(int(scenario.get("runs", 1))):
            self.run()
        if scenario.get("close", "destroy") == "orderly":
            self.cancel_node(self.root)
            self.run()
        self.destroy()
        return self.trace

    # One run: the flowchart, box by box (LIFE-1, LIFE-2, LIFE-3)

    def run(self):
        self.emit("run")
        self.asked = False
        self.emit("box", name="start")
        while True:
            self.emit("box", name="pending")
            verdict = None if self.round else self.verdict()
            if verdict is not None:
                break
            self.emit("box", name="pick")
            if self.round:
                entry = self.round.popleft()
                self.emit("box", name="run")
                self.turn(entry)
                self.emit("box", name="save")
            self.emit("box", name="check")
            if not self.round and self.verdict() is None:
                self.check()
            self.emit("box", name="continue")
        if verdict == "stopped":
            self.stop_requested = False
        self.emit("exit", verdict=verdict, pending=[
            {"task": task.number, "await": task.awaits if task.state == "waiting" else task.state}
            for task in self.pending.values()])

    def verdict(self):
        if self.stop_requested:
            return "stopped"
        if not self.pending and not self.keep_alives:
            return "completed"
        if self.ready or self.timers or self.inbox:
            return None
        remotes = self.remotes or self.driver.posts_to_come()
        if not remotes and not self.operations_in_flight or self.driver.exhausted():
            return "deadlocked"
        return None

    def check(self):
        """(b) to (f) of an iteration (WAIT-1, WAIT-4, READY-1, READY-2)."""
        completions, looked = [], True
        if not self.ready and not self.inbox:
            until = min(self.timers.values())[0] if self.timers else None
            self.emit("wait", until="never" if until is None else str(until))
            completions = self.driver.wait(until)
        elif self.turns_since_asked >= self.ask_every or not self.asked:
            completions = self.driver.ask()
        else:
            looked = False
        if looked:
            self.asked, self.turns_since_asked = True, 0
            before, self.sample = self.sample, self.read_clock()
            if self.sample != before:
                self.emit("sample", now=str(self.sample))
        self.collect(completions)
        if not self.stop_requested and self.ready:
            self.round, self.ready = self.ready, deque()
            self.rounds += 1
            self.emit("round", n=self.rounds, count=len(self.round))

    def collect(self, completions):
        for operation, result in completions:
            self.operations_in_flight -= 1
            self.emit("complete", op=operation.number, result=result)
            self.make_ready(operation.task, "complete", CANCELLED if result == "cancelled" else value(result))
        while self.timers:
            key, number, effect = min(self.timers.values(), key=lambda timer: timer[:2])
            if key > self.sample:
                break
            del self.timers[number]
            self.emit("fire", timer=number, key=str(key))
            effect()
        while self.inbox:
            number, event = self.inbox.popleft()
            if event is not None:
                self.emit("ready", task=0, cause="post")
                self.ready.append((number, event))

    def turn(self, entry):
        self.turns_since_asked += 1
        if isinstance(entry, Task):
            self.step(entry)
        else:
            number, event = entry
            self.emit("callback", post=number)
            self.set_event(event)

    def post(self, event):
        self.posts += 1
        self.inbox.append((self.posts, event))

    # Time (TIME)

    def read_clock(self):
        self.last_reading = max(self.last_reading, self.driver.clock)
        return self.last_reading

    def key_of(self, deadline):
        if deadline <= self.sample:
            return self.sample - self.sample % self.resolution
        last = END_OF_TIME - END_OF_TIME % self.resolution
        return min(deadline + -deadline % self.resolution, last)

    def relative_key(self, nanoseconds):
        reading = self.read_clock()
        return self.key_of(self.sample if nanoseconds == 0 else min(reading + nanoseconds, END_OF_TIME))

    def start_timer(self, key, effect):
        self.timers_started += 1
        self.timers[self.timers_started] = (key, self.timers_started, effect)
        return self.timers_started

    def cancel_timer(self, number):
        self.timers.pop(number, None)

    # Tasks: start, step, end (TASK)

    def spawn(self, routine, place, by):
        self.tasks += 1
        task = Task(self.tasks, routine, place)
        self.pending[task.number] = task
        self.emit("spawn", task=task.number, by=by, scope=place.number)
        self.emit("ready", task=task.number, cause="spawn")
        self.ready.append(task)
        return task

    def make_ready(self, task, cause, outcome):
        task.state, task.delivery = "ready", outcome
        task.withdraw = task.operation = None
        self.emit("ready", task=task.number, cause=cause)
        self.ready.append(task)

    def step(self, task):
        starts = task.generator is None
        how = task.delivery[0] if not starts else "cancelled" if task.node.cancelled else "start"
        task.state, task.budget = "running", self.budget
        self.emit("step", task=task.number, now=str(self.sample), **{"with": how})
        try:
            if starts:
                if how == "cancelled":     # before its first step: the body never runs (CANCEL-2)
                    raise Cancelled
                task.generator = self.body(task, task.routine)
                task.generator.send(None)
            else:
                task.generator.send(task.delivery)
        except StopIteration as returned:
            self.end(task, value(returned.value))
        except Failure as failure:
            self.end(task, ("error", failure.code))
        except Cancelled:
            self.end(task, CANCELLED)

    def end(self, task, outcome):
        how, what = task.outcome = outcome
        task.state = "ended"
        del self.pending[task.number]
        self.ended.append(task)
        self.emit("end", task=task.number, outcome="exception" if how == "error" else how,
                  value="" if what is None else str(what))
        task.node.leave()
        if task.joiner is not None:
            self.make_ready(task.joiner, "join", self.joined(task))
        elif task.family is not None:
            self.child_ended(task.family, task)
        else:
            self.let_go(task)

    def let_go(self, task):
        """If that was the last holder of a failure, it is reported (TASK-3)."""
        holders = task.held or task.joiner is not None or task.family is not None or task.number == 1
        if task.failed() and not task.taken and not holders:
            self.report(task)

    def report(self, task):
        task.taken = True
        self.emit("unobserved", task=task.number)

    def drop_handle(self, task):
        task.held = False
        self.let_go(task)

    # Awaits: the one gate (READY-5, CANCEL-3)

    def wait_for(self, task, kind, arg, now, start, refused=True):
        """`now` gives the outcome, or None; `start` registers, and gives what withdraws the wait, if anything does."""
        outcome = CANCELLED if refused and task.place.cancelled else now()
        if outcome is None:
            task.state, task.awaits = "waiting", kind
            task.withdraw = start()
        else:
            task.budget -= 1
            if task.budget > 0:
                return outcome
            kind = "budget"
            self.make_ready(task, "budget", outcome)
        self.emit("await", task=task.number, kind=kind, arg=arg)
        return (yield)

    def wait_in(self, waiters, task, kind, arg, now, item=None):
        """The same for what has a list of waiters (SYNC)."""
        def start():
            waiters.append((task, item))
            return lambda: waiters.remove((task, item))
        return deliver((yield from self.wait_for(task, kind, arg, now, start)))

    def serve_first(self, waiters, result="ok"):
        task, item = waiters.pop(0)
        self.make_ready(task, "handover", value(result))
        return task, item

    def set_event(self, number):
        self.events[number] = True
        while self.event_waiters[number]:
            self.serve_first(self.event_waiters[number])

    # Cancellation (CANCEL-1, CANCEL-7)

    def cancel_node(self, node):
        node.requested = True
        if node.cancelled:
            return
        node.cancelled = True
        for child in node.children:
            self.reach(child)
        if node.owner is not None:
            self.interrupt(node.owner)

    def reach(self, node):
        if node.shield or node.cancelled:
            return
        node.cancelled = True
        for child in node.children:
            self.reach(child)
        if node.is_task():
            self.interrupt(node.owner)

    def interrupt(self, task):
        if not task.place.cancelled or task.state != "waiting":
            return
        if task.operation is not None:
            self.driver.cancel(task.operation)
        elif task.withdraw is not None:
            task.withdraw()
            self.make_ready(task, "cancel", CANCELLED)

    # Scopes and families (CANCEL-5, TASK-6, TASK-7)

    def open_node(self, task, shield=False):
        self.scopes += 1
        task.place = Node(task.place, task, self.scopes, shield)
        self.emit("scope", task=task.number, id=self.scopes, do="shield" if shield else "open")
        return task.place

    def close_node(self, task, node, outcome):
        task.place = node.parent
        node.leave()
        self.emit("scope", task=task.number, id=node.number, do="close", outcome=outcome)

    def in_scope(self, task, node, routine, leave):
        """Call a routine inside a node; `leave` is done before it is closed. Gives the routine's value, or "absorbed"."""
        failure, result = None, None
        try:
            result = yield from self.body(task, routine)
            outcome = "value"
        except Failure as caught:
            failure, outcome = caught, "exception"
        except Cancelled as caught:
            failure, outcome = caught, "cancelled"
            if node.requested and not node.outer_cancelled():
                failure, outcome, result = None, "absorbed", "absorbed"
        leave()
        self.close_node(task, node, outcome)
        if failure is not None:
            raise failure
        return result

    def start_child(self, family, routine, by):
        child = self.spawn(routine, family.node, by)
        child.family = family
        family.children.append(child)
        family.left += 1
        return child

    def child_ended(self, family, child):
        family.left -= 1
        if child.outcome[0] == "cancelled":
            family.cut_short = True
        if family.kind == "any":
            if family.winner is None:
                family.winner = child
                if child.failed():
                    family.failure = (child, child.outcome[1])
                if family.left:
                    self.cancel_node(family.node)
            elif child.failed():
                self.report(child)
        elif child.failed():
            if family.failure is None:
                family.failure = (child, child.outcome[1])
                self.cancel_node(family.node)
            else:
                self.report(child)
        if not family.left and (family.kind != "group" or family.exiting):
            self.make_ready(family.owner, "children", self.judge(family))

    def judge(self, family):
        family.judged = True
        node = family.node
        if family.failure is not None:
            return ("error", family.failure[1])
        if family.kind == "group":
            if not family.cut_short:
                return value(family.body)
            return value("absorbed") if node.requested and not node.outer_cancelled() else CANCELLED
        if family.cut_short if family.kind == "all" else family.winner.outcome[0] == "cancelled":
            return CANCELLED if node.outer_cancelled() else ("error", 0)
        if family.kind == "all":
            return value(",".join(child.outcome[1] for child in family.children))
        return value(f"{family.children.index(family.winner)}:{family.winner.outcome[1]}")

    def children(self, task, kind, arg, routines):
        """all and any."""
        family = None

        def start():
            nonlocal family
            family = Family(kind, task, self.open_node(task))
            task.families.append(family)
            for routine in routines:
                self.start_child(family, routine, task.number)

        outcome = yield from self.wait_for(task, kind, arg, lambda: None if routines else value(""), start)
        if family is not None:
            task.families.pop()
            self.close_node(task, family.node, "exception" if outcome[0] == "error" else outcome[0])
        return deliver(outcome)

    # The end of the loop (LIFE-5)

    def destroy(self):
        for task in reversed(list(self.pending.values())):
            self.emit("destroyed", task=task.number)
            if task.joining is not None:
                joined, task.joining = task.joining, None
                joined.joiner = None
                self.let_go(joined)
            for family in reversed(task.families):
                if family.failure is not None:
                    self.emit("unobserved", task=family.failure[0].number)
        for task in self.ended:
            if task.held and task.failed() and not task.taken:
                self.report(task)
        for entry in self.driver.script[self.driver.next:]:
            if entry["do"] in ("post", "wake"):
                self.posts += 1
                self.emit("refused", post=self.posts)

    # Statements: `do_` and the verb. What awaits is a generator; the result is what `did` tells.

    def body(self, task, routine):
        """A call: a routine's statements, one after the other (TASK-4)."""
        for statement in self.routines[routine]:
            verb = statement["do"]
            operands = [statement[name] for name in OPERANDS.get(verb, [])]
            operands = [list(map(int, operand)) if isinstance(operand, list) else int(operand) for operand in operands]
            arg = ",".join(",".join(map(str, operand)) if isinstance(operand, list) else str(operand) for operand in operands)
            told = {"task": task.number, "verb": verb, "arg": arg}
            if verb == "return":
                self.emit("did", **told, result="ok")
                return str(operands[0])
            try:
                result = getattr(self, f"do_{verb}")(task, arg, *operands)
                if inspect.isgenerator(result):
                    result = yield from result
            except Failure as failure:
                self.emit("did", **told, result=f"error:{failure.code}")
                raise
            except Cancelled:
                self.emit("did", **told, result="cancelled")
                raise
            self.emit("did", **told, result="ok" if result is None else result)
        return "0"

    def do_yield(self, task, arg):
        def start():
            self.make_ready(task, "yield", value("ok"))
        return deliver((yield from self.wait_for(task, "yield", arg, lambda: None, start)))

    def sleep(self, task, arg, key_of, moment):
        def start():
            timer = self.start_timer(key_of(moment), lambda: self.make_ready(task, "timer", value("ok")))
            return lambda: self.cancel_timer(timer)
        return deliver((yield from self.wait_for(task, "sleep", arg, lambda: None, start)))

    def do_sleep(self, task, arg, nanoseconds):
        return self.sleep(task, arg, self.relative_key, nanoseconds)

    def do_sleep_until(self, task, arg, moment):
        return self.sleep(task, arg, self.key_of, moment)

    def do_burn(self, task, arg, nanoseconds):
        self.driver.move(nanoseconds)

    def do_now(self, task, arg):
        return str(self.read_clock())

    def do_fail(self, task, arg, code):
        raise Failure(code)

    def do_spawn(self, task, arg, routine, slot):
        spawned = self.spawn(routine, task.place, task.number)
        before, self.handles[slot] = self.handles.get(slot), spawned
        spawned.held = True
        if before is not None:
            self.drop_handle(before)
        return str(spawned.number)

    @staticmethod
    def joined(task):
        return ("error", 0) if task.outcome[0] == "cancelled" else task.outcome

    def do_join(self, task, arg, slot):
        """TASK-2: the outcome reaches one owner, who holds the task from the await until the outcome is delivered."""
        joined = self.handles.get(slot)
        if joined is None:
            return "empty"
        if joined.joiner is not None:
            return "misuse"

        def hold():
            joined.joiner, task.joining = task, joined

        def withdraw():
            joined.joiner = task.joining = None

        def now():
            if joined.outcome is None:
                return None
            hold()
            return self.joined(joined)

        def start():
            hold()
            return withdraw

        outcome = yield from self.wait_for(task, "join", arg, now, start)
        if task.joining is not None:
            withdraw()
            joined.taken = True
            if self.handles.get(slot) is joined:
                self.handles[slot] = None
                joined.held = False
        return deliver(outcome)

    def do_try_join(self, task, arg, slot):
        """TASK-10: the task's failure is an answer; one's own cancellation is not."""
        try:
            return (yield from self.do_join(task, arg, slot))
        except Failure as failure:
            return f"error:{failure.code}"

    def do_cancel(self, task, arg, slot):
        target = self.handles.get(slot)
        if target is None:
            return "empty"
        if target.outcome is not None:
            return "no"
        self.cancel_node(target.node)
        return "yes"

    def do_drop(self, task, arg, slot):
        target = self.handles.get(slot)
        if target is None:
            return "empty"
        self.handles[slot] = None
        self.drop_handle(target)
        return "ok"

    def do_lose(self, task, arg, slot):
        answer = self.do_cancel(task, arg, slot)
        self.do_drop(task, arg, slot)
        return answer

    def do_call(self, task, arg, routine):
        return self.body(task, routine)

    def do_try(self, task, arg, routine):
        try:
            return (yield from self.body(task, routine))
        except Failure as failure:
            return f"error:{failure.code}"
        except Cancelled:
            return "cancelled"

    def do_all(self, task, arg, routines):
        return self.children(task, "all", arg, routines)

    def do_any(self, task, arg, routines):
        return self.children(task, "any", arg, routines)

    def do_group(self, task, arg, slot, routine):
        if self.groups.get(slot) is not None:
            return "misuse"
        node = self.open_node(task)
        family = self.groups[slot] = Family("group", task, node)
        task.families.append(family)
        try:
            family.body = yield from self.body(task, routine)
        except Failure as failure:
            if family.failure is None:
                family.failure = (task, failure.code)
            else:
                self.emit("unobserved", task=task.number)
            self.cancel_node(node)
        except Cancelled:
            family.cut_short = True
            self.cancel_node(node)
        family.exiting = True
        outcome = yield from self.wait_for(task, "group", arg, lambda: None if family.left else self.judge(family),
                                           lambda: None, refused=False)
        task.families.pop()
        self.groups[slot] = None
        told = {"error": "exception", "cancelled": "cancelled", "value": "value"}[outcome[0]]
        self.close_node(task, node, "absorbed" if outcome == value("absorbed") else told)
        return deliver(outcome)

    def do_go(self, task, arg, slot, routine):
        family = self.groups.get(slot)
        if family is None or family.judged:
            return "misuse"
        return str(self.start_child(family, routine, task.number).number)

    def do_cancel_group(self, task, arg, slot):
        family = self.groups.get(slot)
        if family is None or family.judged:
            return "misuse"
        self.cancel_node(family.node)
        return "yes"

    def do_scope(self, task, arg, slot, routine):
        if self.open_scopes.get(slot) is not None:
            return "misuse"
        node = self.open_scopes[slot] = self.open_node(task)
        return self.in_scope(task, node, routine, lambda: self.open_scopes.pop(slot))

    def do_cancel_scope(self, task, arg, slot):
        node = self.open_scopes.get(slot)
        if node is None:
            return "no"
        self.cancel_node(node)
        return "yes"

    def do_shield(self, task, arg, routine):
        return self.in_scope(task, self.open_node(task, shield=True), routine, lambda: None)

    def do_timeout(self, task, arg, nanoseconds, routine):
        node = self.open_node(task)
        return self.until(task, node, self.relative_key(nanoseconds), routine)

    def do_timeout_at(self, task, arg, at, routine):
        node = self.open_node(task)
        return self.until(task, node, self.key_of(at), routine)

    def until(self, task, node, key, routine):
        timer = self.start_timer(key, lambda: self.cancel_node(node))
        result = yield from self.in_scope(task, node, routine, lambda: self.cancel_timer(timer))
        return "timeout" if result == "absorbed" else result

    def do_set(self, task, arg, event):
        self.set_event(event)

    def do_reset(self, task, arg, event):
        self.events[event] = False

    def do_wait(self, task, arg, event):
        return self.wait_in(self.event_waiters[event], task, "wait", arg, lambda: value("ok") if self.events[event] else None)

    def do_acquire(self, task, arg, semaphore):
        def now():
            if not self.permits[semaphore]:
                return None
            self.permits[semaphore] -= 1
            return value("ok")
        return self.wait_in(self.permit_waiters[semaphore], task, "acquire", arg, now)

    def do_release(self, task, arg, semaphore):
        if self.permit_waiters[semaphore]:
            self.serve_first(self.permit_waiters[semaphore])
        else:
            self.permits[semaphore] += 1

    def do_lock(self, task, arg, mutex):
        def now():
            if self.owners[mutex] is not None:
                return None
            self.owners[mutex] = task
            return value("ok")
        return self.wait_in(self.lock_waiters[mutex], task, "lock", arg, now)

    def do_unlock(self, task, arg, mutex):
        if self.owners[mutex] is not task:
            return "misuse"
        waiters = self.lock_waiters[mutex]
        self.owners[mutex] = self.serve_first(waiters)[0] if waiters else None
        return "ok"

    def do_put(self, task, arg, number, item):
        queue = self.queues[number]

        def now():
            if queue.closed:
                return value("closed")
            if queue.getters:
                self.serve_first(queue.getters, str(item))
                return value("ok")
            if len(queue.items) == queue.capacity:
                return None
            queue.items.append(str(item))
            return value("ok")
        return self.wait_in(queue.putters, task, "put", arg, now, str(item))

    def do_get(self, task, arg, number):
        queue = self.queues[number]

        def now():
            if queue.items:
                item = queue.items.popleft()
                if queue.putters:
                    queue.items.append(self.serve_first(queue.putters)[1])
                return value(item)
            return value("closed") if queue.closed else None
        return self.wait_in(queue.getters, task, "get", arg, now)

    def do_close_queue(self, task, arg, number):
        queue = self.queues[number]
        queue.closed = True
        for waiters in (queue.getters, queue.putters):
            while waiters:
                self.serve_first(waiters, "closed")

    def operate(self, task, kind, arg, number, size=0):
        """An operation attempts at its start; what does not complete then is in flight (IO-1)."""
        channel = self.driver.channels[number]
        operation = None

        def now():
            nonlocal operation
            self.operations += 1
            operation = Operation(self.operations, task, kind, channel, size)
            result = channel.attempt(operation)
            return None if result is None else value(result)

        def start():
            channel.in_flight.append(operation)
            self.operations_in_flight += 1
            task.operation = operation
        return deliver((yield from self.wait_for(task, kind, arg, now, start)))

    def do_read(self, task, arg, channel, size):
        return self.operate(task, "read", arg, channel, size)

    def do_write(self, task, arg, channel, size):
        return self.operate(task, "write", arg, channel, size)

    def do_accept(self, task, arg, channel):
        return self.operate(task, "accept", arg, channel)

    def do_connect(self, task, arg, channel):
        return self.operate(task, "connect", arg, channel)

    def do_readable(self, task, arg, channel):
        return self.operate(task, "readable", arg, channel)

    def do_writable(self, task, arg, channel):
        return self.operate(task, "writable", arg, channel)

    def do_close(self, task, arg, channel):
        return self.driver.close(self.driver.channels[channel])

    def do_stop(self, task, arg):
        self.stop_requested = True

    def do_post(self, task, arg, event):
        self.post(event)

    def do_hold_remote(self, task, arg):
        self.remotes += 1

    def do_drop_remote(self, task, arg):
        if not self.remotes:
            return "misuse"
        self.remotes -= 1
        return "ok"

    def do_keep_alive(self, task, arg):
        self.keep_alives += 1

    def do_drop_keep_alive(self, task, arg):
        if not self.keep_alives:
            return "misuse"
        self.keep_alives -= 1
        return "ok"


# The adapter

def answer(request, levels):
    if request["do"] == "hello":
        return {"re": "hello", "protocol": 1, "name": "galley-py", "version": "1", "language": "Python",
                "loop": "generators under virtual time", "features": FEATURES, "levels": levels,
                "parameters": {"R": "any", "B": "any", "b": "any"}, "relaxations": []}
    same = {"re": "run", "id": request["id"]}
    try:
        loop = Loop(request["scenario"])
        events = [event for event in loop.play(request["scenario"]) if levels == "PL" or event["ev"] not in LEVEL_L]
    except Exception as wrong:  # the runner shall hear of it, whatever it is
        return {**same, "outcome": "errored", "reason": repr(wrong)}
    header = {"galley_trace": 1, "R": str(loop.resolution), "B": loop.ask_every, "budget": loop.budget,
              "features": ["P", "L"] if levels == "PL" else ["P"]}
    return {**same, "outcome": "ran", "trace": [header, *events]}


def main():
    levels = sys.argv[1] if len(sys.argv) > 1 else "P"
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "stop":
            break
        print(json.dumps(answer(request, levels), separators=(",", ":")), flush=True)


if __name__ == "__main__":
    main()
