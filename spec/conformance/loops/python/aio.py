# SPDX-License-Identifier: BSL-1.0
"""The verbs by what asyncio has, for its own loop and for those with the same interface."""
import asyncio

from adapter import Failure, Posts, errno_of

FEATURES = ["tasks", "join", "failure", "cancel", "scope", "group", "all", "event", "semaphore", "mutex", "queue", "channel", "post",
            "stop", "rerun", "jump"]


class Verbs(Posts):
    """A unit of a scenario's time is `unit` seconds of the loop's, so that its floating point is exact."""
    cancelled = asyncio.CancelledError
    unit = 1 / 1024
    LACKS = {"scope": "asyncio has no scope but a timeout", "cancel_scope": "asyncio has no scope but a timeout",
             "shield": "asyncio.shield starts a task instead of shielding what is inside",
             "cancel_group": "a TaskGroup cannot be cancelled", "close_queue": "a Queue cannot be closed (before Python 3.13)",
             "hold_remote": "there are no remotes", "drop_remote": "there are no remotes",
             "readable": "readiness has callbacks, and nothing that can be awaited",
             "any": "asyncio.wait(FIRST_COMPLETED) does not end the others"}

    def __init__(self, play):
        self.play, scenario = play, play.scenario
        self.loop = self.new_loop()
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(self.reported)
        self.events = [asyncio.Event() for _ in range(int(scenario["events"]))]
        self.semaphores = [asyncio.Semaphore(int(permits)) for permits in scenario["semaphores"]]
        self.mutexes = [asyncio.Lock() for _ in range(int(scenario["mutexes"]))]
        self.queues = [asyncio.Queue(int(room)) for room in scenario["queues"]]
        self.tasks = {}  # those that were started, until they end: asyncio has weak references only

    # The loop

    def run(self):
        if self.play.pending:
            self.loop.run_forever()

    def ended(self, task):
        del self.tasks[task.number]
        if not self.play.pending:
            self.loop.stop()

    def is_ready(self, task):
        waits_for = self.tasks[task.number]._fut_waiter
        return waits_for is None or waits_for.done()

    def kind(self, task):
        return task.kind

    def reported(self, _, context):
        whose = context.get("future") or context.get("task")
        if "exception" in context and whose is not None:
            self.play.tell("unobserved", task=int(whose.get_name()))

    def start(self, task, coroutine, create=None):
        started = (create or self.loop.create_task)(coroutine, name=str(task.number))
        self.tasks[task.number] = started
        return started

    def start_main(self, task, coroutine):
        self.main = self.start(task, coroutine)
        self.main.add_done_callback(lambda main: main.cancelled() or main.exception())  # which whoever calls run takes

    def stop_(self, task):
        self.play.stop_asked = True
        self.loop.stop()

    def stop_from_outside(self):
        self.loop.call_soon_threadsafe(self.loop.stop)

    def call_from_outside(self, called):
        self.loop.call_soon_threadsafe(called)

    # Time

    def now(self):
        return int(round(self.loop.time() / self.unit)) - self.origin

    def yield_(self, task):
        return asyncio.sleep(0)

    def sleep_(self, task, ns):
        return asyncio.sleep(ns * self.unit)

    async def sleep_until_(self, task, at):
        due = self.loop.create_future()
        self.loop.call_at((self.origin + at) * self.unit, lambda: due.done() or due.set_result(None))
        await due

    # Tasks

    def spawn_(self, task, routine, handle):
        child, coroutine = self.play.new_task(routine, task.number)
        self.play.handles[handle] = self.start(child, coroutine)
        return child.number

    async def join_(self, task, handle):
        joined = self.play.handles.get(handle)
        if joined is None:
            return "empty"
        if joined is asyncio.current_task():
            return "misuse"  # as asyncio says itself, by a RuntimeError after the suspension
        try:
            value = await joined
        except (Failure, asyncio.CancelledError) as ended:
            if joined.done() and self.play.handles.get(handle) is joined:
                del self.play.handles[handle]
            raise ended
        if self.play.handles.get(handle) is joined:
            del self.play.handles[handle]
        return value

    def cancel_(self, task, handle):
        cancelled = self.play.handles.get(handle)
        if cancelled is None:
            return "empty"
        return "yes" if cancelled.cancel() else "no"

    async def all_(self, task, routines):
        if not routines:
            return ",".join(await asyncio.gather())
        scope = self.play.open_scope(task)
        children = [self.start(*self.play.new_task(routine, task.number, scope)) for routine in routines]
        task.kind = "all"
        return ",".join(str(value) for value in await self.closing(task, scope, asyncio.gather(*children)))

    async def group_(self, task, slot, routine):
        if slot in self.play.groups:
            return "misuse"
        scope, arg = self.play.open_scope(task), task.arg
        async def body():
            async with asyncio.TaskGroup() as group:
                self.play.groups[slot] = group, scope
                try:
                    return await self.play.routine(task, routine)
                finally:
                    task.kind, task.arg = "group", arg
        try:
            return await self.closing(task, scope, body())
        finally:
            del self.play.groups[slot]

    def go_(self, task, slot, routine):
        if slot not in self.play.groups:
            return "misuse"
        group, scope = self.play.groups[slot]
        child, coroutine = self.play.new_task(routine, task.number, scope)
        self.start(child, coroutine, group.create_task)
        return child.number

    async def timeout_(self, task, ns, routine):
        scope = self.play.open_scope(task)
        async def body():
            async with asyncio.timeout(ns * self.unit):
                return await self.play.routine(task, routine)
        try:
            return await self.closing(task, scope, body())
        except TimeoutError:
            self.play.close_scope(task, scope, "absorbed")
            return "timeout"

    async def closing(self, task, scope, what):
        """Awaits it, and tells how the scope was left."""
        try:
            value = await what
        except asyncio.CancelledError:
            self.play.close_scope(task, scope, "cancelled")
            raise
        except BaseExceptionGroup as several:
            self.play.close_scope(task, scope, "exception")
            raise several.exceptions[0] from None
        except Failure:
            self.play.close_scope(task, scope, "exception")
            raise
        self.play.close_scope(task, scope, "value")
        return value

    # Synchronisation

    def set_(self, task, event):
        self.events[event].set()

    def reset_(self, task, event):
        self.events[event].clear()

    async def wait_(self, task, event):
        await self.events[event].wait()

    async def acquire_(self, task, semaphore):
        await self.semaphores[semaphore].acquire()

    def release_(self, task, semaphore):
        self.semaphores[semaphore].release()

    async def lock_(self, task, mutex):
        await self.mutexes[mutex].acquire()

    def unlock_(self, task, mutex):
        try:
            self.mutexes[mutex].release()
        except RuntimeError:
            return "misuse"

    def put_(self, task, queue, value):
        return self.queues[queue].put(value)

    def get_(self, task, queue):
        return self.queues[queue].get()

    # Channels

    async def read_(self, task, channel, size):
        try:
            return len(await self.loop.sock_recv(self.play.channels.near[channel], size))
        except (OSError, ValueError) as wrong:
            return errno_of(wrong)

    async def accept_(self, task, channel):
        try:
            await self.loop.sock_accept(self.play.channels.near[channel])
        except (OSError, ValueError) as wrong:
            return errno_of(wrong)

    async def write_(self, task, channel, size):
        try:
            await self.loop.sock_sendall(self.play.channels.near[channel], bytes(size))
        except (OSError, ValueError) as wrong:
            return errno_of(wrong)
        return size

    def close_(self, task, channel):
        near = self.play.channels.near[channel]
        if near.fileno() < 0:
            return "errno:9"
        near.close()
