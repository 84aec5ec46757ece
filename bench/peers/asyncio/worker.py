# SPDX-License-Identifier: BSL-1.0
"""asyncio, as https://docs.python.org/3/library/asyncio.html has it: call_soon, tasks, gather. One argument: `uvloop`."""
import asyncio
import platform
import sys
import time

IN_FLIGHT = 64


async def post(loop, count, in_flight):
    ran, left, over = 0, count - in_flight, loop.create_future()

    def again():
        nonlocal ran, left
        ran += 1
        if left > 0:
            left -= 1
            loop.call_soon(again)
        elif ran == count:
            over.set_result(None)

    for _ in range(in_flight):
        loop.call_soon(again)
    await over
    return ran


async def yields(count, coroutines):
    ran = 0

    async def one(turns):
        nonlocal ran
        for _ in range(turns):
            ran += 1
            await asyncio.sleep(0)

    share, more = divmod(count, coroutines)
    await asyncio.gather(*(one(share + (i < more)) for i in range(coroutines)))
    return ran


async def child(i):
    return i + 1


async def calls(count):
    ran = 0
    for _ in range(count):
        ran = await child(ran)
    return ran


async def spawns(count):
    ran = 0
    for _ in range(count):
        ran = await asyncio.create_task(child(ran))
    return ran


async def gathers(count):
    return sum(await asyncio.gather(*(child(0) for _ in range(count))))


async def wakes(count, clock):
    """One round warms; all have to wait before it."""
    event, woken, rounds, over = asyncio.Event(), 0, 2, asyncio.get_running_loop().create_future()

    async def waiter():
        nonlocal woken
        for _ in range(rounds):
            await event.wait()
            woken += 1
            if woken % count == 0:
                over.set_result(None)

    tasks = [asyncio.create_task(waiter()) for _ in range(count)]
    await asyncio.sleep(0)
    for _ in range(rounds):
        clock.restart()
        event.set()
        event.clear()
        await over
        over = asyncio.get_running_loop().create_future()
    await asyncio.gather(*tasks)
    return woken - count


async def items(count, room, pairs):
    queue, got, total = asyncio.Queue(room), 0, 0

    async def produce(first):
        for item in range(first, count, pairs):
            await queue.put(item)

    async def consume():
        nonlocal got, total
        while (item := await queue.get()) is not None:
            got += 1
            total += item

    consumers = [asyncio.create_task(consume()) for _ in range(pairs)]
    await asyncio.gather(*(produce(i) for i in range(pairs)))
    for _ in consumers:
        await queue.put(None)
    await asyncio.gather(*consumers)
    return got if total == count * (count - 1) // 2 else -1


class Clock:
    def __init__(self):
        self.restart()

    def restart(self):
        self.cpu, self.wall = time.process_time_ns(), time.perf_counter_ns()

    def took(self):
        return time.process_time_ns() - self.cpu, time.perf_counter_ns() - self.wall


ROWS = {
    "post in loop": lambda loop, count, clock: post(loop, count, IN_FLIGHT),
    "post in loop, bursts of 1e5": lambda loop, count, clock: post(loop, count, count),
    "yield, 1 coroutine": lambda loop, count, clock: yields(count, 1),
    "yield, 64 coroutines": lambda loop, count, clock: yields(count, 64),
    "yield, 10000 coroutines": lambda loop, count, clock: yields(count, 10_000),
    "await a child": lambda loop, count, clock: calls(count),
    "spawn and join": lambda loop, count, clock: spawns(count),
    "gather of 1000, per task": lambda loop, count, clock: gathers(count),
    "event, awaited by 1e5 tasks, per task": lambda loop, count, clock: wakes(count, clock),
    "queue of 1, an item": lambda loop, count, clock: items(count, 1, 1),
    "queue of 64, 4 producers and 4 consumers, an item": lambda loop, count, clock: items(count, 64, 4),
}


def say(*words):
    print(*words, sep="\t", flush=True)


def new_loop():
    if sys.argv[1:] != ["uvloop"]:
        return asyncio.new_event_loop(), f"CPython {platform.python_version()}"
    import uvloop
    return uvloop.new_event_loop(), f"{uvloop.__version__}, CPython {platform.python_version()}"


def main():
    try:
        loop, version = new_loop()
    except ImportError as error:
        return say("missing", error)
    asyncio.set_event_loop(loop)
    say("version", version)
    for row in ROWS:
        say("can", row)
    say("ready")
    for line in sys.stdin:
        _, row, operations = line.rstrip("\n").split("\t")
        clock = Clock()
        try:
            done = loop.run_until_complete(ROWS[row](loop, int(operations), clock))
        except Exception as error:  # the run goes on, and names it
            say("failed", error)
            continue
        say("done", done, *clock.took())


main()
