"""One page of metrics for the whole pod: the agent's, Envoy's and the application's.

Knows: the Prometheus text format as far as joining pages needs, and the injector's record of where the
application's metrics are. Does not know who scrapes.

Pages pass through in pieces: Envoy's alone may be many megabytes and the agent stays small.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from isthmus.agent.agent_metrics import AgentMetrics
from isthmus.process.http_client import Call, stream
from isthmus.process.http_messages import HttpError, Request
from isthmus.process.http_server import Response

log = logging.getLogger("metrics")

RESERVED_PORTS = frozenset({15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090})
_TEXT_FORMAT = "text/plain;version=0.0.4;charset=utf-8"
_DEFAULT_SECONDS = 10.0
# Envoy puts its own name before every statistic; the mesh's standard metrics are known without it.
_MESH_METRIC = re.compile(rb"^(# (?:TYPE|HELP) )?envoy_(istio_)", re.MULTILINE)
_END_OF_PAGE = re.compile(rb"^# EOF\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a page of the application's metrics is."""

    port: int
    path: str


def parse_targets(record: Mapping[str, Any]) -> tuple[Target, ...]:
    """The application's pages; none when scraping is off. A page at one of the mesh's ports is left out."""
    if str(record.get("scrape", "")).lower() != "true":
        return ()
    targets = tuple(_target(each) for each in record.get("targets") or (record,))
    return tuple(target for target in targets if target.port not in RESERVED_PORTS)


def _target(record: Mapping[str, Any]) -> Target:
    path = str(record.get("path") or "/metrics")
    return Target(int(record.get("port") or 80), path if path.startswith("/") else f"/{path}")


@dataclass(frozen=True, slots=True)
class MergedMetrics:
    """The pod's page."""

    own: AgentMetrics
    envoy_port: int
    targets: tuple[Target, ...]

    async def handle(self, request: Request) -> Response:
        """All pages after each other; a source that does not answer is counted and left out."""
        seconds = _scrape_seconds(request)
        return Response(200, self._pages(seconds), {"Content-Type": _TEXT_FORMAT})

    async def _pages(self, seconds: float) -> AsyncIterator[bytes]:
        self.own.scrapes += 1
        async for piece in self._page("envoy", Call("127.0.0.1", self.envoy_port, "/stats/prometheus"), seconds):
            yield _MESH_METRIC.sub(rb"\1\2", piece)
        for target in self.targets:
            call = Call("localhost", target.port, target.path, headers={"Accept": _TEXT_FORMAT})
            async for piece in self._page("application", call, seconds):
                yield _END_OF_PAGE.sub(b"", piece)
        yield self.own.page().encode()

    async def _page(self, source: str, call: Call, seconds: float) -> AsyncIterator[bytes]:
        """A page in pieces that end with a line."""
        rest = b""
        try:
            async with asyncio.timeout(seconds), stream(call) as (head, pieces):
                if head.status != HTTPStatus.OK:
                    raise HttpError(f"status {head.status}")
                async for piece in pieces:
                    lines, newline, rest = (rest + piece).rpartition(b"\n")
                    yield lines + newline
        except (OSError, TimeoutError, HttpError) as error:
            self.own.count_failed_scrape(source)
            log.debug("no metrics of the %s at port %s: %s", source, call.port, error or type(error).__name__)
            return  # half a line is worse than none
        if rest:
            yield rest + b"\n"


def _scrape_seconds(request: Request) -> float:
    """What the scraper waits for an answer, a little less so that there is one."""
    try:
        seconds = float(request.headers.get("x-prometheus-scrape-timeout-seconds", _DEFAULT_SECONDS))
    except ValueError:
        seconds = _DEFAULT_SECONDS
    return max(0.1, seconds * 0.9)
