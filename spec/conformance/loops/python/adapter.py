# SPDX-License-Identifier: BSL-1.0
"""What the adapters of the loops in Python share: the protocol (../../PROTOCOL.md), and scenarios as coroutines.

A routine is a coroutine; what its statements do is up to the verbs of a loop, a class whose methods are named after them. Each
scenario is played in a forked child, so that nothing of an earlier one is left, and one that waits for ever ends.
"""
import collections.abc
import errno
import json
import os
import socket
import sys

LONGEST = 2**32  # what a clock can express that counts seconds in floating point, with some precision left
OPERANDS = {
    "sleep": ["ns"], "sleep_until": ["at"], "burn": ["ns"], "spawn": ["routine", "handle"], "join": ["handle"],
    "cancel": ["handle"], "drop": ["handle"], "call": ["routine"], "try": ["routine"], "all": ["routines"], "any": ["routines"],
    "group": ["group", "routine"], "go": ["group", "routine"], "cancel_group": ["group"], "scope": ["scope", "routine"],
    "cancel_scope": ["scope"], "shield": ["routine"], "timeout": ["ns", "routine"], "set": ["event"], "reset": ["event"],
    "wait": ["event"], "acquire": ["semaphore"], "release": ["semaphore"], "lock": ["mutex"], "unlock": ["mutex"],
    "put": ["queue", "value"], "get": ["queue"], "close_queue": ["queue"], "read": ["channel", "bytes"],
    "write": ["channel", "bytes"], "accept": ["channel"], "connect": ["channel"], "readable": ["channel"],
    "writable": ["channel"], "close": ["channel"], "fail": ["value"], "return": ["value"], "post": ["event"]}
PLENTY = 1000  # bytes of room that no scenario here uses up
BASIC = {"now", "call", "try", "return", "drop", "fail"}


class Failure(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class WaitsForEver(BaseException):
    """The loop blocks, and nothing will come: its run never returns, and the trace ends there."""


def errno_of(wrong):
    """Of an operation that failed; a closed socket's number may be refused before the kernel sees it."""
    return f"errno:{wrong.errno if isinstance(wrong, OSError) else errno.EBADF}"


class Task:
    def __init__(self, number):
        self.number, self.state, self.kind, self.arg = number, "start", "", ""
        self.satisfied = False  # told by loops that suspend a task although it need not wait
        self.resumed = None  # the event of its latest step, until the await that it ended is over


class Stepped(collections.abc.Coroutine):
    """A coroutine whose steps are told, at the one place where the loop resumes it and gets it back."""

    def __init__(self, play, task, inner):
        self.play, self.task, self.inner = play, task, inner

    def send(self, value):
        return self.step("value", self.inner.send, value)

    def throw(self, *what):
        kind = what[0] if isinstance(what[0], type) else type(what[0])
        how = "cancelled" if issubclass(kind, self.play.verbs.cancelled) else "error"
        return self.step(how, self.inner.throw, *what)

    def close(self):
        self.inner.close()

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        return self.send(None)

    def step(self, how, resume, *what):
        play, task = self.play, self.task
        started = task.state != "start"
        if not started and how == "value":
            how = "start"
        task.state = "running"
        play.tell("step", task=task.number, now=str(play.verbs.sample()), **{"with": how})
        task.resumed = play.events[-1] if started else None
        try:
            yielded = resume(*what)
        except StopIteration as end:
            play.ended(task, "value", str(end.value))
            raise
        except play.verbs.cancelled:
            play.ended(task, "cancelled", "")
            raise
        except Failure as failure:
            play.ended(task, "exception", str(failure.code))
            raise
        except Exception as wrong:
            play.wrong = play.wrong or wrong
            raise
        task.state = "waiting"
        play.tell("await", task=task.number, kind=play.verbs.kind(task), arg=task.arg)
        return yielded


class Play:
    """One scenario on one loop."""

    def __init__(self, scenario, answers_to):
        self.scenario, self.events, self.answers_to = scenario, [], answers_to
        self.tasks, self.pending, self.scopes, self.posts = 0, {}, 0, 0
        self.handles, self.groups, self.open = {}, {}, {}
        self.stop_asked = False
        self.wrong = None  # an exception that is none of the scenario's
        self.channels = Channels(scenario)

    def tell(self, ev, **fields):
        self.events.append({"ev": ev, **fields})

    def ended(self, task, outcome, value):
        task.state = "ended"
        del self.pending[task.number]
        self.tell("end", task=task.number, outcome=outcome, value=value)
        self.verbs.ended(task)

    def new_task(self, routine, by, scope=0):
        """A task's number, and the coroutine that a loop is to step."""
        self.tasks += 1
        task = self.pending[self.tasks] = Task(self.tasks)
        self.tell("spawn", task=task.number, by=by, scope=scope)
        return task, Stepped(self, task, self.routine(task, routine))

    async def routine(self, task, number):
        for statement in self.scenario["routines"][number]["body"]:
            verb = statement["do"]
            operands = [statement[name] for name in OPERANDS.get(verb, [])]
            arg = ",".join(str(one) for it in operands for one in (it if isinstance(it, list) else [it]))
            task.kind, task.arg = "sleep" if verb == "sleep_until" else verb, arg
            try:
                result = await self.statement(task, verb, operands)
            except self.verbs.cancelled:
                self.is_over(task, "cancelled")
                self.tell("did", task=task.number, verb=verb, arg=arg, result="cancelled")
                raise
            except Failure as failure:
                self.is_over(task, "error")
                self.tell("did", task=task.number, verb=verb, arg=arg, result=f"error:{failure.code}")
                raise
            self.is_over(task, "value")
            self.tell("did", task=task.number, verb=verb, arg=arg, result="ok" if result is None else str(result))
            if verb == "return":
                return operands[0]
        return 0

    async def statement(self, task, verb, operands):
        match verb:
            case "now":
                return self.verbs.now()
            case "call":
                return await self.routine(task, operands[0])
            case "try":
                try:
                    return await self.routine(task, operands[0])
                except self.verbs.cancelled:
                    return "cancelled"
                except Failure as failure:
                    return f"error:{failure.code}"
            case "fail":
                raise Failure(int(operands[0]))
            case "return":
                return None
            case "drop":
                return None if self.handles.pop(operands[0], None) else "empty"
        numbers = [it if isinstance(it, list) else int(it) for it in operands]
        done = getattr(self.verbs, verb + "_")(task, *numbers)
        return await done if isinstance(done, collections.abc.Awaitable) else done

    def open_scope(self, task, how="open"):
        self.scopes += 1
        self.tell("scope", task=task.number, id=self.scopes, do=how)
        return self.scopes

    def close_scope(self, task, scope, outcome):
        self.is_over(task, {"exception": "error", "absorbed": "value"}.get(outcome, outcome))
        self.tell("scope", task=task.number, id=scope, do="close", outcome=outcome)

    def is_over(self, task, how):
        """An await may raise although its coroutine was resumed with a value: what counts is how it ended."""
        if task.resumed is not None:
            task.resumed["with"] = how
            task.resumed = None

    def next_post(self):
        self.posts += 1
        return self.posts

    def world(self):
        """What happens outside, as (when, what to call), in order."""
        entries = []
        for entry in self.scenario["world"]:
            match entry["do"]:
                case "data" | "end" | "peer":
                    act = lambda e=entry: self.channels.act(e)
                case "stop":
                    act = self.stop_from_outside
                case "post" | "wake":
                    act = lambda e=entry: self.verbs.post_from_outside(self.next_post(), e.get("event"))
                case "jump":  # as if the process had been stopped for so long
                    act = lambda e=entry: self.verbs.burn_(None, int(e["ns"]))
                case _:  # nobody can tell, as `lacking` has seen
                    act = lambda: None
            entries.append((int(entry["at"]), act))
        return entries

    def stop_from_outside(self):
        self.stop_asked = True
        self.verbs.stop_from_outside()

    def go(self, verbs):
        self.verbs = verbs(self)
        self.verbs.start_main(*self.new_task(0, 0))
        for _ in range(int(self.scenario["runs"])):
            self.tell("run")
            self.verbs.run()
            verdict = "stopped" if self.stop_asked else "completed"
            self.stop_asked = False
            pending = [{"task": task.number, "await": self.awaits(task)} for task in self.pending.values()]
            self.tell("exit", verdict=verdict, pending=pending)

    def leave(self, wrong=None):
        """Answers, and ends this process, from wherever it is."""
        said = {"outcome": "ran", "trace": self.events}
        wrong = self.wrong or wrong
        if wrong is not None and not isinstance(wrong, WaitsForEver):
            said = {"outcome": "errored", "reason": repr(wrong)}
        with os.fdopen(self.answers_to, "w") as pipe:
            json.dump(said, pipe)
        os._exit(0)

    def awaits(self, task):
        if task.state == "start":
            return "start"
        return "ready" if self.verbs.is_ready(task) else self.verbs.kind(task)


class Posts:
    """The verb of posting, of a loop that another thread can ask to call something: `call_from_outside(callable)`."""

    def post_(self, task, event):
        self.post_from_outside(self.play.next_post(), event)

    def post_from_outside(self, number, event):
        def callback():
            self.play.tell("callback", post=number)
            self.events[event].set()
        self.call_from_outside(callback if event is not None else lambda: None)


class Channels:
    """Socket pairs, or a listener if somebody accepts: the loop has the near end, the world the far one."""

    def __init__(self, scenario):
        self.near, self.far = {}, {}
        for channel, verbs in verbs_on_channels(scenario).items():
            if "accept" in verbs:
                self.near[channel], self.far[channel] = socket.socket(socket.AF_UNIX), []
                self.near[channel].bind("")  # to a name of its own, without a file
                self.near[channel].listen()
            else:
                self.near[channel], self.far[channel] = socket.socketpair()
            self.near[channel].setblocking(False)

    def act(self, entry):
        channel, do = int(entry["channel"]), entry["do"]
        if channel not in self.near or self.near[channel].fileno() < 0:
            return
        far = self.far[channel]
        if do == "peer" and isinstance(far, list):
            far.append(socket.socket(socket.AF_UNIX))
            far[-1].connect(self.near[channel].getsockname())
        elif do == "data" and not isinstance(far, list):
            far.send(bytes(int(entry["bytes"])))
        elif do == "end" and not isinstance(far, list):
            far.shutdown(socket.SHUT_WR)


def verbs_on_channels(scenario):
    used = {}
    for routine in scenario["routines"]:
        for statement in routine["body"]:
            if "channel" in statement:
                used.setdefault(int(statement["channel"]), set()).add(statement["do"])
    return used


def lacking(scenario, verbs):
    """Why the scenario cannot be played, if it cannot."""
    for routine in scenario["routines"]:
        for statement in routine["body"]:
            verb = statement["do"]
            if verb in verbs.LACKS:
                return verbs.LACKS[verb]
            if verb not in BASIC and not hasattr(verbs, verb + "_"):
                return f"there is no {verb}"
            if any(int(statement[name]) > LONGEST for name in ("ns", "at") if name in statement):
                return "a clock in floating point does not go so far"
    used = verbs_on_channels(scenario)
    for channel, on_it in used.items():
        if on_it & {"write", "writable"} and int(scenario["channels"][channel]) < PLENTY:
            return "a socket of the kernel has more room than this"
        if "accept" in on_it and on_it & {"read", "readable", "write", "writable"}:
            return "no socket of the kernel both listens and transfers"
    for entry in scenario["world"]:
        if entry["do"] == "break" and int(entry["channel"]) in used:
            return "no socket of the kernel breaks with any error that one likes"
        if entry["do"] == "jump" and not 0 <= int(entry["ns"]) <= LONGEST:
            return "a monotonic clock does not jump back, nor without end"
    return ""


def play_in_child(scenario, verbs):
    """The trace, or an error's text, from a forked child."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        play = Play(scenario, writing)
        try:
            play.go(verbs)
        except BaseException as wrong:
            play.leave(wrong)
        play.leave()
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"outcome": "errored", "reason": "the process died"}


def answer(request, hello, verbs):
    if request["do"] == "hello":
        return {"re": "hello", "protocol": 1, "language": "Python", "levels": "P", **hello}
    scenario, same = request["scenario"], {"re": "run", "id": request["id"]}
    why = lacking(scenario, verbs)
    if why:
        return same | {"outcome": "skipped", "reason": why}
    said = play_in_child(scenario, verbs)
    if "trace" in said:
        header = {"galley_trace": 1, "R": str(scenario["resolution"]), "B": int(scenario["ask_every"]),
                  "budget": int(scenario["budget"]), "features": ["P"]}
        said["trace"].insert(0, header)
    return same | said


def serve(hello, verbs):
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "stop":
            break
        print(json.dumps(answer(asked, hello, verbs)), flush=True)
