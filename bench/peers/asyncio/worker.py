# SPDX-License-Identifier: BSL-1.0
"""asyncio, as https://docs.python.org/3/library/asyncio.html has it: call_soon, tasks, gather, protocols. One argument: `uvloop`."""
import asyncio
import platform
import sys
import threading
import time
import tracemalloc

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
    return got if total == count * (count - 1) // 2 else 0


class End(asyncio.Protocol):
    """Collects messages of one size."""

    def __init__(self, size):
        self.size, self.have = size, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.have or len(data) < self.size:
            data = self.have + data
        if len(data) < self.size:
            self.have = data
        else:
            self.have = b""
            self.complete(data)


class Server(End):
    def complete(self, message):
        self.transport.write(message)


class Client(End):
    def __init__(self, size, trips, over):
        super().__init__(size)
        self.left, self.over, self.right = trips, over, 0

    def request(self):
        self.sent = self.left.to_bytes(8, "little") * (self.size // 8)
        self.transport.write(self.sent)

    def complete(self, message):
        self.right += message == self.sent
        self.left -= 1
        if self.left > 0:
            self.request()
        else:
            self.over.set_result(None)


async def echo(loop, count, connections, size, clock):
    server = await loop.create_server(lambda: Server(size), "127.0.0.1", 0)
    clients = []
    for i in range(connections):
        trips = count // connections + (i < count % connections)
        _, client = await loop.create_connection(lambda: Client(size, trips, loop.create_future()), *server.sockets[0].getsockname())
        clients.append(client)
    clock.restart()
    for client in clients:
        client.request()
    for client in clients:
        await client.over
        client.transport.close()
    clock.stop()
    server.close()
    await server.wait_closed()
    return sum(client.right for client in clients)


async def posts_of_threads(loop, count, threads):
    ran, over = 0, loop.create_future()

    def call():
        nonlocal ran
        ran += 1
        if ran == count:
            over.set_result(None)

    def produce():
        for _ in range(count // threads):
            loop.call_soon_threadsafe(call)

    producers = [threading.Thread(target=produce) for _ in range(threads)]
    for producer in producers:
        producer.start()
    await over
    for producer in producers:
        producer.join()
    return ran


async def sleepers(count, clock):
    """What Python's allocator gives for each; the tasks' own place in a list is not theirs."""
    async def sleep():
        await asyncio.sleep(3600)

    tasks = [None] * count
    tracemalloc.start()
    for i in range(count):
        tasks[i] = asyncio.create_task(sleep())
    await asyncio.sleep(0)
    clock.bytes = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    return sum(isinstance(end, asyncio.CancelledError) for end in ended)


class Clock:
    """What is measured is from its last start to its stop, or the end."""
    bytes = None

    def __init__(self):
        self.restart()

    def restart(self):
        self.cpu, self.wall, self.stopped = time.process_time_ns(), time.perf_counter_ns(), None

    def stop(self):
        self.stopped = self.stopped or (time.process_time_ns() - self.cpu, time.perf_counter_ns() - self.wall)

    def took(self):
        self.stop()
        return (*self.stopped, *(() if self.bytes is None else ("bytes", self.bytes)))


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
    "post from 1 other thread": lambda loop, count, clock: posts_of_threads(loop, count, 1),
    "post from 2 other threads": lambda loop, count, clock: posts_of_threads(loop, count, 2),
    "post from 4 other threads": lambda loop, count, clock: posts_of_threads(loop, count, 4),
    "echo of 64 B, 1 connection": lambda loop, count, clock: echo(loop, count, 1, 64, clock),
    "echo of 64 B, 64 connections": lambda loop, count, clock: echo(loop, count, 64, 64, clock),
    "echo of 64 B, 1000 connections": lambda loop, count, clock: echo(loop, count, 1000, 64, clock),
    "echo of 16 KB, 64 connections": lambda loop, count, clock: echo(loop, count, 64, 16 * 1024, clock),
    "sleeping task, bytes": lambda loop, count, clock: sleepers(count, clock),
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
