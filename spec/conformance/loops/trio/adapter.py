#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""trio, under the preloaded library. Every await that does not wait is a checkpoint, which goes once round the loop: a budget of one.
A task that is spawned is a child of a nursery about the whole run, as trio has no others."""
import errno
import math
import pathlib
import random
import select
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
from adapter import Failure, Posts, errno_of, serve
import preloaded
import trio

FEATURES = ["tasks", "failure", "scope", "group", "event", "semaphore", "mutex", "queue", "channel", "post", "budget", "jump"]


class Clock(trio.abc.Clock):
    """A unit of a scenario's time is a second of trio's, whose floating point is then exact, and a millisecond of the kernel's."""

    def start_clock(self):
        pass

    def current_time(self):
        return float(time.monotonic_ns() // preloaded.MILLISECOND)

    def deadline_to_sleep_time(self, deadline):
        return (deadline - self.current_time() - 0.5) / 1000  # which is rounded up


class Verbs(Posts):
    cancelled = trio.Cancelled
    LACKS = {"cancel": "only a scope can be cancelled, not a task", "reset": "an Event cannot be reset",
             "hold_remote": "there are no remotes", "drop_remote": "there are no remotes"}

    def __init__(self, play):
        self.play, scenario = play, play.scenario
        self.clock = preloaded.Clock(play)
        self.origin = self.clock.origin // preloaded.MILLISECOND
        self.events = [trio.Event() for _ in range(int(scenario["events"]))]
        self.semaphores = [trio.Semaphore(int(permits)) for permits in scenario["semaphores"]]
        self.mutexes = [trio.Lock() for _ in range(int(scenario["mutexes"]))]
        self.queues = [trio.open_memory_channel(int(room)) for room in scenario["queues"]]
        self.token, self.early = None, []  # what is posted before there is a token
        self.sockets = {channel: trio.socket.from_stdlib_socket(near) for channel, near in play.channels.near.items()}

    # The loop

    def start_main(self, task, coroutine):
        self.main = coroutine

    def run(self):
        trio._core._run._r = random.Random(0)  # the order within a batch is drawn; so it is always the same
        try:
            trio.run(self.root, clock=Clock())
        except BaseException as wrong:
            self.failure_of(wrong)  # which whoever calls run takes

    async def root(self):
        self.token = trio.lowlevel.current_trio_token()
        for called in self.early:
            self.token.run_sync_soon(called)
        async with trio.open_nursery() as self.nursery:
            self.nursery.start_soon(lambda: self.main)

    def ended(self, task):
        pass

    def kind(self, task):
        """Whether the task waits for something, or passes a checkpoint."""
        refused = self.is_refused() and task.kind not in ("group", "sleep")  # a sleep is refused by its own scope
        return "budget" if task.satisfied or refused else task.kind

    def is_refused(self):
        return trio.current_effective_deadline() == -math.inf

    def call_from_outside(self, called):
        if self.token is None:  # before the run has begun nobody can ask it for anything
            self.early.append(called)
        else:
            self.token.run_sync_soon(called)

    # Time

    def sample(self):
        return self.clock.sample()

    def now(self):
        return int(trio.current_time()) - self.origin

    def burn_(self, task, ns):
        self.clock.burn(ns)

    def yield_(self, task):
        task.satisfied = False
        return trio.lowlevel.checkpoint()

    def sleep_(self, task, ns):
        task.satisfied = self.is_refused()
        return trio.sleep(ns)

    def sleep_until_(self, task, at):
        task.satisfied = self.is_refused()
        return trio.sleep_until(self.origin + at)

    # Tasks

    def spawn_(self, task, routine, handle):
        child, coroutine = self.play.new_task(routine, task.number)
        self.nursery.start_soon(lambda: coroutine)
        self.play.handles[handle] = child
        return child.number

    async def group_(self, task, slot, routine):
        if slot in self.play.groups:
            return "misuse"
        scope, arg = self.play.open_scope(task), task.arg
        try:
            try:
                async with trio.open_nursery() as nursery:
                    self.play.groups[slot] = nursery, scope
                    try:
                        value = await self.play.routine(task, routine)
                    finally:
                        task.kind, task.arg, task.satisfied = "group", arg, not nursery.child_tasks
            finally:
                del self.play.groups[slot]
        except BaseException as wrong:
            self.close_after(task, scope, wrong)
        return self.close(task, scope, nursery.cancel_scope, "absorbed", lambda: value)

    def go_(self, task, slot, routine):
        if slot not in self.play.groups:
            return "misuse"
        nursery, scope = self.play.groups[slot]
        child, coroutine = self.play.new_task(routine, task.number, scope)
        nursery.start_soon(lambda: coroutine)
        return child.number

    def cancel_group_(self, task, slot):
        if slot not in self.play.groups:
            return "misuse"
        self.play.groups[slot][0].cancel_scope.cancel()
        return "yes"

    def scope_(self, task, slot, routine):
        return self.inside(task, trio.CancelScope(), routine, "absorbed", slot)

    def shield_(self, task, routine):
        return self.inside(task, trio.CancelScope(shield=True), routine, "absorbed", how="shield")

    def timeout_(self, task, ns, routine):
        return self.inside(task, trio.move_on_after(ns), routine, "timeout")

    def cancel_scope_(self, task, slot):
        if slot not in self.play.open:
            return "no"
        self.play.open[slot].cancel()
        return "yes"

    async def inside(self, task, cancel_scope, routine, absorbed, slot=None, how="open"):
        if slot in self.play.open:
            return "misuse"
        if slot is not None:
            self.play.open[slot] = cancel_scope
        scope = self.play.open_scope(task, how)
        try:
            with cancel_scope:
                value = await self.play.routine(task, routine)
        except BaseException as wrong:
            self.close_after(task, scope, wrong)
        finally:
            self.play.open.pop(slot, None)
        return self.close(task, scope, cancel_scope, absorbed, lambda: value)

    def close(self, task, scope, cancel_scope, absorbed, value):
        if cancel_scope.cancelled_caught:
            self.play.close_scope(task, scope, "absorbed")
            return absorbed
        self.play.close_scope(task, scope, "value")
        return value()

    def close_after(self, task, scope, wrong):
        """A nursery may have several exceptions: the first failure stands for them, and is what comes out."""
        failure = self.failure_of(wrong)
        self.play.close_scope(task, scope, "exception" if failure else "cancelled")
        raise failure or wrong

    def failure_of(self, wrong):
        if isinstance(wrong, Failure):
            return wrong
        found = [self.failure_of(one) for one in getattr(wrong, "exceptions", [])]
        if not found and not isinstance(wrong, trio.Cancelled):
            raise wrong
        return next((one for one in found if one), None)

    # Synchronisation

    def set_(self, task, event):
        self.events[event].set()

    def wait_(self, task, event):
        task.satisfied = self.events[event].is_set()
        return self.events[event].wait()

    def acquire_(self, task, semaphore):
        task.satisfied = self.semaphores[semaphore].value > 0
        return self.semaphores[semaphore].acquire()

    def release_(self, task, semaphore):
        self.semaphores[semaphore].release()

    def lock_(self, task, mutex):
        task.satisfied = not self.mutexes[mutex].locked()
        return self.mutexes[mutex].acquire()

    def unlock_(self, task, mutex):
        try:
            self.mutexes[mutex].release()
        except RuntimeError:
            return "misuse"

    async def put_(self, task, queue, value):
        sending, _ = self.queues[queue]
        known = sending.statistics()
        task.satisfied = known.current_buffer_used < known.max_buffer_size or known.tasks_waiting_receive > 0
        try:
            await sending.send(value)
        except trio.ClosedResourceError:
            return "closed"

    async def get_(self, task, queue):
        _, receiving = self.queues[queue]
        known = receiving.statistics()
        task.satisfied = known.current_buffer_used > 0 or known.tasks_waiting_send > 0
        try:
            return await receiving.receive()
        except trio.EndOfChannel:
            return "closed"

    def close_queue_(self, task, queue):
        self.queues[queue][0].close()

    # Channels

    async def transfer(self, task, channel, done, way):
        near = self.sockets[channel]
        task.satisfied = near.fileno() < 0 or select.select(*([near] if n == way else [] for n in range(3)), 0)[way] == [near]
        try:
            return await done(near)
        except trio.ClosedResourceError:
            return "errno:125"
        except trio.BusyResourceError:
            return f"errno:{errno.EBUSY}"
        except (OSError, ValueError) as wrong:
            return errno_of(wrong)

    async def read_(self, task, channel, size):
        got = await self.transfer(task, channel, lambda near: near.recv(size), 0)
        return got if isinstance(got, str) else len(got)

    async def accept_(self, task, channel):
        got = await self.transfer(task, channel, lambda near: near.accept(), 0)
        return got if isinstance(got, str) else None

    def write_(self, task, channel, size):
        return self.transfer(task, channel, lambda near: near.send(bytes(size)), 1)

    def readable_(self, task, channel):
        return self.transfer(task, channel, trio.lowlevel.wait_readable, 0)

    def writable_(self, task, channel):
        return self.transfer(task, channel, trio.lowlevel.wait_writable, 1)

    def close_(self, task, channel):
        if self.sockets[channel].fileno() < 0:
            return "errno:9"
        self.sockets[channel].close()


serve({"name": "trio", "version": trio.__version__, "loop": "trio.run", "features": FEATURES,
       "parameters": {"R": 1, "B": 1, "b": 1}, "relaxations": ["timer_ties", "ready_order"]}, Verbs)
