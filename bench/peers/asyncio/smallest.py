# SPDX-License-Identifier: BSL-1.0
import asyncio
import sys


async def answer():
    await asyncio.sleep(0)
    return 42


if sys.argv[1:] == ["uvloop"]:
    import uvloop
    uvloop.install()
sys.exit(asyncio.run(answer()))
