# SPDX-License-Identifier: BSL-1.0
"""Virtual time by the preloaded library (../virtual_time/virtual_time.h), for loops whose clock and waits are in C."""
import ctypes
import time

from adapter import WaitsForEver

library = ctypes.CDLL(None)
action = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
library.virtual_time_at.argtypes = [ctypes.c_int64, action, ctypes.c_void_p]
library.virtual_time_sample.restype = ctypes.c_int64
MILLISECOND = 1000000


class Clock:
    """One scenario's time, in milliseconds from its start."""

    def __init__(self, play):
        self.origin = time.monotonic_ns()
        self.kept = [action(lambda _: play.leave(WaitsForEver()))]
        library.virtual_time_never(self.kept[0], None)
        for at, act in play.world():
            self.kept.append(action(lambda _, act=act: act()))
            library.virtual_time_at(self.origin + at * MILLISECOND, self.kept[-1], None)

    def sample(self):
        return (library.virtual_time_sample() - self.origin) // MILLISECOND

    def burn(self, ms):
        time.sleep(ms / 1000)
