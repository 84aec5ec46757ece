#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""asyncio's own loop. Its clock is `time`, which is to be overridden, and its only wait is in its selector: so a selector that
moves the clock instead of waiting gives it virtual time."""
import asyncio
import math
import pathlib
import platform
import selectors
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
from adapter import WaitsForEver, serve
import aio


class Selector(selectors.EpollSelector):
    def __init__(self, world):
        super().__init__()
        self.clock, self.sample, self.world = 0, 0, list(world)

    def deliver(self):
        while self.world and self.world[0][0] <= self.clock:
            self.world.pop(0)[1]()

    def select(self, timeout=None):
        self.deliver()
        found = super().select(0)
        if not found and (timeout is None or timeout > 0):
            ends = ([] if timeout is None else [self.clock + math.ceil(timeout / aio.Verbs.unit)]) + [at for at, _ in self.world[:1]]
            if not ends:
                raise WaitsForEver
            self.clock = max(self.clock, min(ends))
            self.deliver()
            found = super().select(0)
        self.sample = self.clock
        return found


class Loop(asyncio.SelectorEventLoop):
    def time(self):
        return self._selector.clock * aio.Verbs.unit


class Verbs(aio.Verbs):
    origin = 0

    def new_loop(self):
        self.selector = Selector(self.play.world())
        return Loop(self.selector)

    def sample(self):
        return self.selector.sample

    def burn_(self, task, ns):
        self.selector.clock += ns


serve({"name": "asyncio", "version": platform.python_version(), "loop": "asyncio.SelectorEventLoop", "features": aio.FEATURES,
       "parameters": {"R": 1, "B": 1, "b": 1000000}, "relaxations": ["timer_ties"]}, Verbs)
