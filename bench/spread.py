"""How soon and how evenly new pods behind an east-west gateway are used, with default settings, and what it costs.

The far version is the only one while this runs, so that every request crosses the gateway.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter

from bench.figures import Figure
from bench.joins import PATIENCE_SECONDS, ready, scale
from isthmus.cli.demo import traffic
from isthmus.cli.demo.members import SAMPLE, Member
from isthmus.lab.calls import Call, Container, Steadiness, calling, failures

PODS = 3
INTERVAL = 0.02
SETTLED_SECONDS = 1.0
"""After pods went, until no gateway sends to them; and after new ones are ready, until they shall have their share."""
WATCHED_SECONDS = 10.0
_CONNECTIONS = re.compile(r"^outbound\|5000\|\|helloworld.*:15443::cx_total::(\d+)$", re.MULTILINE)


async def one_becomes_three(here: Member, there: Member, rounds: int) -> tuple[Figure, ...]:
    """A far service is scaled from one pod to three while one pod calls it 50 times per second."""
    pod = await traffic.client_pod(here)
    proxy = Container(here.api, SAMPLE, pod, "istio-proxy")
    steadiness = Steadiness(f"http://{traffic.URL}", interval=INTERVAL)
    await scale(here, 0)
    await ready(here, 0)
    firsts, shares, failed, handshakes = [], [], 0, []
    for _ in range(rounds):
        await scale(there, 1)
        _, former = await ready(there, 1)
        await asyncio.sleep(SETTLED_SECONDS)
        async with calling(Container(here.api, SAMPLE, pod, "sleep"), steadiness) as caller:
            await caller.until(lambda calls: len(calls) > 1 / INTERVAL, seconds=PATIENCE_SECONDS)
            await scale(there, PODS)
            since, pods = await ready(there, PODS)
            before = await _handshakes(proxy)
            await asyncio.sleep(SETTLED_SECONDS + WATCHED_SECONDS)
            made = await _handshakes(proxy) - before
            calls = await caller.calls()
        after = [call for call in calls if call.began > since]
        new = set(pods) - set(former)
        firsts += [1e3 * (min(call.ended for call in calls if call.instance == one) - since) for one in new]
        shares += _shares(after, new, since + SETTLED_SECONDS)
        failed += len(failures(calls))
        handshakes.append(len(after) / max(made, 1))
    await scale(there, 1)
    await scale(here, 1)
    await ready(here, 1)
    return (
        Figure("one remote pod becomes three: last Ready to first answer of a new one", tuple(firsts), "ms", 1000),
        Figure("its share of the requests, from 1 s to 11 s after that (even: 33)", tuple(shares), "%"),
        Figure("requests that failed meanwhile", (failed,), "", 0.5),
        Figure("requests per TLS handshake of the client (target > 50)", tuple(handshakes), ""),
    )


def _shares(calls: list[Call], pods: set[str], since: float) -> list[float]:
    counted = Counter(call.instance for call in calls if call.began > since)
    return [100 * counted[pod] / counted.total() for pod in sorted(pods)]


async def _handshakes(proxy: Container) -> int:
    """Connections that the client's Envoy ever made to the gateway; each begins with a handshake."""
    clusters = await proxy.run("pilot-agent request GET clusters")
    return sum(int(found) for found in _CONNECTIONS.findall(clusters))
