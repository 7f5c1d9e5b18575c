"""What every program that measures at scale stands on: an API server with a mesh in it, a server, and clients.

By default all of them are started here. A server and an API server that run already can be given instead: only public
protocols are spoken, so any compatible server fits.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench import fleet as fleets
from bench.fleet import Fleet
from bench.population import Size, populate
from bench.report import RESULTS, Report
from bench.server import Server, running
from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.lab import apiserver

CRDS = Path(__file__).parents[1] / "charts" / "base" / "files" / "crds.yaml"
CASES = {"A": (True, 1000), "B": (False, 200)}
"""Whether a ``Sidecar`` isolates each namespace, and how many proxies there are."""


@dataclass(frozen=True, slots=True)
class Bed:
    """A mesh whose server may be started, and what to do it with."""

    client: Client
    size: Size
    proxies: tuple[tuple[str, str], ...]
    fleet: Fleet
    directory: Path
    options: argparse.Namespace

    @property
    def affected(self) -> int:
        """How many proxies see one service."""
        return len(self.proxies) // self.size.namespaces if self.size.isolated else len(self.proxies)

    @contextlib.contextmanager
    def server(self) -> Iterator[Server]:
        """A server of its own, or the one that was given."""
        if self.options.discovery:
            yield Server(self.options.pid, self.options.discovery, "")
            return
        ports = apiserver.free_ports(2)
        environment = {"PILOT_ENABLE_VIRTUAL_HOST_DISCOVERY": str(self.options.virtual_hosts).lower()}
        with running(self.directory / "kubeconfig", self.directory, ports, environment) as server:
            yield server


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that all programs have."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--case", choices=sorted(CASES), default="A", help="isolated by Sidecar (A), or not (B)")
    result.add_argument("--namespaces", type=int, default=100)
    result.add_argument("--services", type=int, default=10, help="per namespace, 16 at most")
    result.add_argument("--proxies", type=int, help="1,000 for A and 200 for B unless given")
    result.add_argument(
        "--whole-tables",
        dest="virtual_hosts",
        action="store_false",
        help="route tables with all virtual hosts, for proxies that cannot do otherwise (docs/virtual-hosts.md)",
    )
    result.add_argument("--results", type=Path, default=RESULTS, help="directory for the figures as JSON")
    result.add_argument("--kubeconfig", type=Path, help="an API server that runs already; it is filled")
    result.add_argument("--discovery", help="host:port of a server on that API server, instead of this control plane")
    result.add_argument("--pid", type=int, default=0, help="of that server, for what it costs")
    return result


def run(program: str, options: argparse.Namespace, measure: Callable[[Bed, Report], Awaitable[None]]) -> None:
    """Builds a bed, measures, and shows the figures."""
    report = Report(program, vars(options))
    asyncio.run(_run(options, measure, report))
    report.finish(options.results)


async def _run(options: argparse.Namespace, measure: Callable[[Bed, Report], Awaitable[None]], report: Report) -> None:
    async with made(options) as bed:
        await measure(bed, report)


@contextlib.asynccontextmanager
async def made(options: argparse.Namespace) -> AsyncIterator[Bed]:
    """An API server with the population in it, and a process for clients."""
    isolated, count = CASES[options.case]
    size = Size(options.namespaces, options.services, isolated=isolated)
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        text = await asyncio.to_thread(_kubeconfig, options, directory, stack)
        (directory / "kubeconfig").write_text(text)
        client = await stack.enter_async_context(Client(load_kubeconfig(text)))
        fleet = await stack.enter_async_context(fleets.running(virtual_hosts=options.virtual_hosts))
        started = time.perf_counter()
        await install_crds(client)
        await populate(client, size)
        print(
            f"{len(list(size.names()))} services in {size.namespaces} namespaces, {time.perf_counter() - started:.1f} s"
        )
        proxies = tuple(
            (f"proxy-{number}", f"ns-{number % size.namespaces:03}") for number in range(options.proxies or count)
        )
        yield Bed(client, size, proxies, fleet, directory, options)


def _kubeconfig(options: argparse.Namespace, directory: Path, stack: contextlib.AsyncExitStack) -> str:
    if options.kubeconfig:
        return str(options.kubeconfig.read_text())
    return stack.enter_context(apiserver.running(directory / "api", print)).kubeconfig


async def install_crds(client: Client) -> None:
    """Applies the CRDs and waits until they are served."""
    for body in yaml.safe_load_all(CRDS.read_text()):
        if body:
            await client.apply(kinds.CUSTOM_RESOURCE_DEFINITION, body)
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(Exception):
                await client.list(kinds.SIDECAR)
                return
            await asyncio.sleep(0.1)
