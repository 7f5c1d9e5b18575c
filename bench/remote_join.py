"""What a remote cluster costs that joins when ten others have: memory, time, and processor.

python -m bench.remote_join [--others 10]

The joining cluster is an API server of its own with 300 services of 14 pods each, in the first 30 namespaces of the
mesh, so that each of its services is also one of the first cluster's. The others are small: one API server under
ten names. Both are declared by remote secrets, as ``istioctl create-remote-secret`` makes them.
"""

from __future__ import annotations

import asyncio
import base64
import time

from bench import bed as beds
from bench.bed import Bed
from bench.changes import outbound
from bench.clients import ENDPOINT
from bench.fleet import Wanted
from bench.population import Size, populate
from bench.report import Report
from bench.server import Server
from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.lab import apiserver

LARGE = Size(namespaces=30, services=10, pods=14, isolated=False)
SMALL = Size(namespaces=2, services=5, isolated=False)
LABEL = "istio/multiCluster"


async def join(bed: Bed, name: str, kubeconfig: str) -> None:
    """Declares a cluster."""
    data = {name: base64.b64encode(kubeconfig.encode()).decode()}
    metadata = {"name": f"istio-remote-secret-{name}", "namespace": "istio-system", "labels": {LABEL: "true"}}
    await bed.client.create(kinds.SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


async def fill(kubeconfig: str, size: Size) -> None:
    """A population for a cluster."""
    async with Client(load_kubeconfig(kubeconfig)) as client:
        await populate(client, size)


async def settled(server: Server) -> float:
    """Resident megabytes once the process has come to rest."""
    while True:
        before = server.cpu_seconds()
        await asyncio.sleep(1.0)
        if server.cpu_seconds() - before < 0.1:
            return server.resident_megabytes()


async def measure(bed: Bed, report: Report) -> None:
    """The small ones first, then the large one."""
    with (
        apiserver.running(bed.directory / "small") as small,
        apiserver.running(bed.directory / "large") as large,
        bed.server() as server,
    ):
        await fill(small.kubeconfig, SMALL)
        await fill(large.kubeconfig, LARGE)
        await bed.fleet.connect(server.grpc, bed.proxies)
        alone = await settled(server)
        for number in range(bed.options.others):
            await join(bed, f"other-{number}", small.kubeconfig)
        before = await settled(server)
        report.add(
            f"memory per small cluster, {bed.options.others} of them", (before - alone) / bed.options.others, "MB"
        )
        await bed.fleet.clear()
        spent = server.cpu_seconds()
        await join(bed, "large", large.kubeconfig)
        at = time.perf_counter()
        arrivals = await bed.fleet.first(Wanted((ENDPOINT,), outbound(("ns-029", "svc-9")), bed.affected))
        report.add("large cluster: its secret to its endpoints at the last proxy", max(arrivals) - at, "s", 2)
        after = await settled(server)
        report.add("large cluster: memory", after - before, "MB", 25)
        report.add("large cluster: processor", server.cpu_seconds() - spent, "s")


def main() -> None:
    """Parses the command line and runs."""
    parser = beds.parser(__doc__)
    parser.add_argument("--others", type=int, default=10, help="small clusters that join before")
    beds.run("remote_join", parser.parse_args(), measure)


if __name__ == "__main__":
    main()
