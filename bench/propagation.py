"""How long from an endpoint's change, written to the API server, to the update at the connected proxies.

python -m bench.propagation [--namespaces 100] [--services 10] [--proxies 1000] [--changes 200]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bench import server as control_plane
from bench.changes import Endpoints, at_rate, one_by_one
from bench.clients import Proxy, Recorder
from bench.population import Size, populate
from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.lab import apiserver

CRDS = Path(__file__).parents[1] / "charts" / "base" / "files" / "crds.yaml"


async def install_crds(client: Client) -> None:
    """Applies the CRDs and waits until they are served."""
    import yaml

    for body in yaml.safe_load_all(CRDS.read_text()):
        if body:
            await client.apply(kinds.CUSTOM_RESOURCE_DEFINITION, body)
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(Exception):
                await client.list(kinds.SIDECAR)
                return
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def connected(address: str, count: int, size: Size, recorder: Recorder) -> AsyncIterator[list[Proxy]]:
    """Clients spread over the namespaces, all warm."""
    proxies = [
        Proxy(address, f"proxy-{number}", f"ns-{number % size.namespaces:03}", recorder) for number in range(count)
    ]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(proxy.run()) for proxy in proxies]
        for proxy in proxies:
            await proxy.warm.wait()
        yield proxies
        for task in running:
            task.cancel()


def quantiles(delays: list[float]) -> str:
    """Median, 99th percentile and maximum in milliseconds."""
    ordered = sorted(delays)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    median, highest = statistics.median(ordered), ordered[-1]
    return f"median {median * 1e3:7.2f} ms   p99 {last * 1e3:7.2f} ms   max {highest * 1e3:7.2f} ms"


async def changes(
    options: argparse.Namespace, endpoints: Endpoints, size: Size, server: control_plane.Server, recorder: Recorder
) -> None:
    """Single changes, then changes at two rates."""
    affected = options.proxies // size.namespaces if size.isolated else options.proxies
    before = server.cpu_seconds()
    delays = await one_by_one(endpoints, size, options.changes, affected, recorder)
    spent = (server.cpu_seconds() - before) / options.changes * 1000
    print(f"one endpoint changes:      {quantiles(delays)}   {spent:.2f} CPU s per 1,000 changes")
    for rate, seconds in ((20.0, options.seconds), (200.0, min(10.0, options.seconds))):
        before = server.cpu_seconds()
        delays = await at_rate(endpoints, size, rate, seconds, recorder)
        spent = (server.cpu_seconds() - before) / (rate * seconds) * 1000
        print(f"{rate:4.0f} changes per second:   {quantiles(delays)}   {spent:.2f} CPU s per 1,000 changes")


async def measure(options: argparse.Namespace, api: Any, directory: Path) -> None:
    """The whole run against one API server."""
    size = Size(options.namespaces, options.services, isolated=not options.shared)
    async with Client(load_kubeconfig(api.kubeconfig)) as client:
        started = time.perf_counter()
        await install_crds(client)
        await populate(client, size)
        print(f"populated in {time.perf_counter() - started:.1f} s")
        (directory / "kubeconfig").write_text(api.kubeconfig)
        ports = apiserver.free_ports(2)
        with control_plane.running(directory / "kubeconfig", directory, ports) as server:
            print(f"control plane ready: {server.resident_megabytes():.0f} MB, {server.cpu_seconds():.2f} CPU s")
            recorder = Recorder()
            before, at = server.cpu_seconds(), time.perf_counter()
            async with connected(server.grpc, options.proxies, size, recorder):
                spent = server.cpu_seconds() - before
                print(
                    f"{options.proxies} proxies warm in {time.perf_counter() - at:.2f} s, {spent:.2f} CPU s, "
                    f"{recorder.bytes / 1e6:.1f} MB sent, {server.resident_megabytes():.0f} MB resident"
                )
                await changes(options, Endpoints(client, size), size, server, recorder)
                before, at = server.cpu_seconds(), time.perf_counter()
                await asyncio.sleep(10)
                share = (server.cpu_seconds() - before) / (time.perf_counter() - at)
                print(f"idle: {share:.2%} of a core, {server.resident_megabytes():.0f} MB resident")


def main() -> None:
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespaces", type=int, default=100)
    parser.add_argument("--services", type=int, default=10, help="per namespace")
    parser.add_argument("--proxies", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the runs at a fixed rate")
    parser.add_argument("--shared", action="store_true", help="no Sidecar isolation: every proxy sees every service")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, apiserver.running(Path(work) / "api", print) as api:
        asyncio.run(measure(options, api, Path(work)))


if __name__ == "__main__":
    main()
