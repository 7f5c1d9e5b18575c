"""The small commands that containers run beside the agent: ``wait`` and ``request``.

Knows: their arguments and how Istio's users call them. Does not know the agent's internals: both speak HTTP.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from http import HTTPStatus
from urllib.parse import urlsplit

from isthmus.process.http_client import Answer, Call, fetch
from isthmus.process.http_messages import HttpError

_DEBUG_PORTS = (15000, 15004, 15020, 15021)


def wait(words: list[str]) -> int:
    """Waits until the proxy is ready; 1 when it is not in time. Holds an application's container back."""
    parser = argparse.ArgumentParser("wait", description="Waits until the Envoy proxy is ready")
    parser.add_argument("--url", default="http://localhost:15021/healthz/ready")
    parser.add_argument("--timeoutSeconds", type=int, default=60)
    parser.add_argument("--requestTimeoutMillis", type=int, default=500)
    parser.add_argument("--periodMillis", type=int, default=500)
    options, _ = parser.parse_known_args(words)
    obstacle = asyncio.run(_obstacle(options))
    if obstacle:
        print(f"{options.url} was not ready after {options.timeoutSeconds} s: {obstacle}", file=sys.stderr)
    return 1 if obstacle else 0


async def _obstacle(options: argparse.Namespace) -> str:
    """What stood in the way when the time was over; empty as soon as nothing does."""
    limit = time.monotonic() + options.timeoutSeconds
    while obstacle := await _ready(options.url, options.requestTimeoutMillis / 1000):
        if time.monotonic() >= limit:
            return obstacle
        await asyncio.sleep(options.periodMillis / 1000)
    return ""


async def _ready(url: str, seconds: float) -> str:
    parts = urlsplit(url)
    try:
        answer = await fetch(Call(parts.hostname or "localhost", parts.port or 80, parts.path or "/"), seconds)
    except (OSError, TimeoutError, HttpError) as error:
        return str(error) or type(error).__name__
    return "" if answer.status == HTTPStatus.OK else f"status {answer.status}: {answer.body.decode(errors='replace')}"


def request(words: list[str]) -> int:
    """Calls Envoy's admin interface or the agent and prints the answer; 1 unless the status is 200."""
    parser = argparse.ArgumentParser("request", description="Makes an HTTP request to the Envoy admin API")
    parser.add_argument("--debug-port", type=int, choices=_DEBUG_PORTS, default=15000)
    parser.add_argument("method")
    parser.add_argument("path")
    options, _ = parser.parse_known_args(words)
    call = Call("127.0.0.1", options.debug_port, "/" + options.path.lstrip("/"), options.method.upper())
    try:
        answer = asyncio.run(fetch(call, seconds=60.0, body_limit=1 << 30))
    except (OSError, TimeoutError, HttpError) as error:
        print(f"{call.method} {call.target} at port {call.port}: {error or type(error).__name__}", file=sys.stderr)
        return 1
    return _print(answer)


def _print(answer: Answer) -> int:
    sys.stdout.buffer.write(answer.body)
    sys.stdout.flush()
    if answer.status == HTTPStatus.OK:
        return 0
    print(f"received unsuccessful status code {answer.status}", file=sys.stderr)
    return 1
