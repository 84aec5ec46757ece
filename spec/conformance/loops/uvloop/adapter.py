#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""uvloop: asyncio's interface on libuv, under the preloaded library. Its timers count milliseconds, so one is a scenario's unit."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
from adapter import serve
import aio
import preloaded
import uvloop


class Verbs(aio.Verbs):
    unit = 1 / 1000

    def new_loop(self):
        loop = uvloop.new_event_loop()
        self.clock = preloaded.Clock(self.play)
        self.origin = round(loop.time() / self.unit)
        return loop

    def sample(self):
        return self.clock.sample()

    def burn_(self, task, ns):
        self.clock.burn(ns)


serve({"name": "uvloop", "version": uvloop.__version__, "loop": "uvloop.Loop", "features": aio.FEATURES,
       "parameters": {"R": 1, "B": 1, "b": 1000000}, "relaxations": ["timer_ties"]}, Verbs)
