"""Installs a pod's rules from outside, in its network namespace.

Knows: how a program is run in another namespace. Does not know rules, nor where the namespace came from.
"""

from __future__ import annotations

import asyncio
import os
import sys

from isthmus.cni.decision import Decision

_SECONDS = 25.0


class CaptureError(RuntimeError):
    """The rules could not be installed; the message is what the program said."""


async def capture(decision: Decision, namespace: int) -> None:
    """Makes the rules be in force in the namespace that the descriptor stands for; again, if need be."""
    program = (sys.executable, "-I", "-m", "isthmus.capture", *decision.options)
    process = await asyncio.create_subprocess_exec(
        "nsenter",
        f"--net=/proc/self/fd/{namespace}",
        "--",
        *program,
        env={"PATH": os.environ.get("PATH", os.defpath), **decision.variables},
        pass_fds=(namespace,),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            _, said = await process.communicate()
    except TimeoutError:
        raise CaptureError(f"installing the rules took longer than {_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise CaptureError(said.decode(errors="replace").strip() or f"the rules failed with {process.returncode}")
