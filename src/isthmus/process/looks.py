"""When a process looks at what cannot call it: files, deadlines.

Looks at the same pace come at the same moments, whoever looks: waking costs a process at rest more than what it
does then.
"""

from __future__ import annotations

import asyncio


def moment_of_next(now: float, seconds: float) -> float:
    """A multiple of ``seconds`` that is half to one and a half of them away; the one after, from such a moment on."""
    return (round(now / seconds) + 1) * seconds


async def next_look(seconds: float) -> None:
    """Returns when it is time to look again at this pace."""
    now = asyncio.get_running_loop().time()
    await asyncio.sleep(moment_of_next(now, seconds) - now)
