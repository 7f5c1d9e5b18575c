"""The event loop of a long-lived process, and what is said of faults in it that nobody awaits.

Knows uvloop and its quirks. Does not know what runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog
import uvloop

T = TypeVar("T")

log = structlog.get_logger(__name__)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs ``main`` to its end on a loop of its own. Faults in callbacks and abandoned tasks are logged as events."""

    async def supervised() -> T:
        asyncio.get_running_loop().set_exception_handler(_report)
        return await main

    return uvloop.run(supervised())


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if _is_late_write(context, error):
        log.debug("written to a connection that is closed", problem=str(error))
        return
    described = {key: repr(context[key]) for key in ("task", "future", "handle", "transport") if key in context}
    log.error("fault in the event loop", what=context.get("message"), exc_info=error, **described)


def _is_late_write(context: dict[str, Any], error: object) -> bool:
    """uvloop ends TLS on a TCP connection that was closed meanwhile, and reports its own check as a fault.

    Nothing is lost: both sides have given the connection up.
    """
    tls = type(context.get("protocol")).__name__ == "SSLProtocol"
    return tls and isinstance(error, RuntimeError) and "the handler is closed" in str(error)
