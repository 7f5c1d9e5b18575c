"""A whole control plane inside the test's event loop, on free ports of the loopback interface."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from isthmus.control_plane.addresses import Address
from isthmus.control_plane.api_servers import Accesses, opened
from isthmus.control_plane.plane import ControlPlane
from isthmus.control_plane.settings import Settings
from isthmus.kube.access import Access
from isthmus.lab.apiserver import free_ports

NOWHERE = Path("/nonexistent")
SECONDS = 30.0


class _Ended(Exception):  # noqa: N818 - ends the task group
    pass


class RunningPlane:
    """Its ports, its debug pages, and a way to wait for what they show."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.settings = plane.settings

    @property
    def grpc(self) -> str:
        """Of plaintext discovery."""
        return _target(self.settings.grpc)

    @property
    def secure_grpc(self) -> str:
        """Of discovery and certificates over TLS."""
        return _target(self.settings.secure_grpc)

    @property
    def webhook(self) -> str:
        """Of the webhooks."""
        return _target(self.settings.webhook)

    def url(self, path: str, *, monitoring: bool = False) -> str:
        """Of a page."""
        return f"http://{_target(self.settings.monitoring if monitoring else self.settings.http)}/{path}"

    async def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Status and body of a page."""
        async with aiohttp.ClientSession() as session, session.get(self.url(path), headers=headers) as answer:
            return answer.status, await answer.read()

    async def page(self, path: str) -> Any:
        """A debug page."""
        status, body = await self.get(f"debug/{path}")
        assert status == 200, body
        return msgspec.json.decode(body)

    async def cluster(self, name: str) -> dict[str, Any] | None:
        """One cluster of ``clusterz``."""
        return next((entry for entry in await self.page("clusterz") if entry["id"] == name), None)

    async def until_cluster(self, name: str, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Asks ``clusterz`` until a cluster is there and as it has to be."""
        async with asyncio.timeout(SECONDS):
            while True:
                found = await self.cluster(name)
                if found is not None and condition(found):
                    return found
                await asyncio.sleep(0.02)


def settings_of(system: str, **changes: Any) -> Settings:
    """Settings of a plane on the loopback interface, without files."""
    ports = free_ports(5)
    names = ("http", "webhook", "grpc", "secure_grpc", "monitoring")
    addresses = {name: Address("127.0.0.1", port) for name, port in zip(names, ports, strict=True)}
    fixed = {
        "cluster_id": "cluster1",
        "namespace": system,
        "mesh_config": NOWHERE,
        "mesh_networks": NOWHERE,
        "ca_directory": NOWHERE,
        "serving_directory": NOWHERE,
        "injection_directory": NOWHERE,
        "injection_webhook": "",
        "validation_webhook": "",
    }
    return Settings(**(fixed | addresses | changes))


@contextlib.asynccontextmanager
async def starting(
    settings: Settings, access: Access, secrets: Access | None = None
) -> AsyncIterator[tuple[RunningPlane, asyncio.Task[None]]]:
    """A plane that may not be ready yet, and the task that makes it so."""
    async with opened(Accesses(access, secrets or access)) as api:
        plane = ControlPlane(settings, api)
        try:
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(plane.start(tasks))
                yield RunningPlane(plane), task
                await plane.stop(0.0)
                raise _Ended
        except* _Ended:
            pass


@contextlib.asynccontextmanager
async def running(settings: Settings, access: Access, secrets: Access | None = None) -> AsyncIterator[RunningPlane]:
    """A plane that is ready."""
    async with starting(settings, access, secrets) as (plane, task):
        await task
        yield plane
        failures = [
            sample
            for family in plane.plane.registry.collect()
            if family.name == "isthmus_background_failures"
            for sample in family.samples
        ]
        assert not failures


def _target(address: Address | None) -> str:
    assert address is not None
    return f"{address.host}:{address.port}"


def presented_certificate(target: str) -> bytes:
    """The PEM of the certificate that a TLS port shows."""
    host, port = target.split(":")
    return ssl.get_server_certificate((host, int(port))).encode()
