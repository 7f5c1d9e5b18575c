"""What the mesh costs at rest: memory and processor time of its processes. Knows /proc, read inside the containers."""

from __future__ import annotations

import asyncio
import re
import time

from bench.figures import Figure
from isthmus.cli.demo import traffic
from isthmus.cli.demo.members import SAMPLE, SYSTEM, Member
from isthmus.kube import kinds
from isthmus.kube.client import Query
from isthmus.lab.calls import Container

TICKS_PER_SECOND = 100
"""Of /proc/PID/stat, on every Linux of today."""
_READ = "for pid in /proc/[0-9]*; do cat $pid/status 2>/dev/null | grep -E '^(Name|VmRSS):' | tr -d '\\n'; echo; done"
_LINE = re.compile(r"Name:\s*(\S+?)VmRSS:\s*(\d+) kB")


async def sidecar_memory(member: Member) -> tuple[Figure, ...]:
    """Resident memory of the agent and of Envoy in the client's pod."""
    pod = await traffic.client_pod(member)
    resident = await _resident(Container(member.api, SAMPLE, pod, "istio-proxy"))
    agent = sum(size for name, size in resident if name.startswith(("pilot-agent", "python", "isthmus")))
    envoy = sum(size for name, size in resident if name == "envoy")
    return Figure("agent, resident", (agent,), "MB", 40), Figure("Envoy in a sidecar, resident", (envoy,), "MB")


async def control_plane_at_rest(member: Member, seconds: float) -> tuple[Figure, ...]:
    """Resident memory and share of a core of the control plane's one process, while nothing changes."""
    pods = await member.api.list(kinds.POD, Query(SYSTEM, labels="app=istiod"))
    container = Container(member.api, SYSTEM, pods.items[0]["metadata"]["name"], "discovery")
    before, began = await _ticks(container), time.monotonic()
    await asyncio.sleep(seconds)
    spent = (await _ticks(container) - before) / TICKS_PER_SECOND / (time.monotonic() - began)
    resident = max(size for _, size in await _resident(container))
    return (
        Figure(f"control plane at rest ({member.name}), resident", (resident,), "MB", 110),
        Figure(f"control plane at rest ({member.name}), processor", (100 * spent,), "% of a core", 0.5),
    )


async def _ticks(container: Container) -> int:
    """User and system time of the container's first process."""
    fields = (await container.run("cat /proc/1/stat")).rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])


async def _resident(container: Container) -> list[tuple[str, float]]:
    """Names and resident megabytes (10^6 bytes) of the container's processes."""
    return [(name, int(size) * 1024 / 1e6) for name, size in _LINE.findall(await container.run(_READ))]
