"""Real Envoys that are configured by a server over delta ADS, with their secrets, and what they say of themselves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from isthmus.agent import sds_server
from isthmus.agent.messages.secret import KeyPair, TrustBundle
from isthmus.agent.secret_store import SecretStore
from isthmus.lab.images.sources import envoy
from isthmus.lab.pki import Authority, Subject

_PAUSE = 0.02
"""Seconds between two looks at one Envoy."""


@dataclass(frozen=True, slots=True)
class RealEnvoy:
    """One process. Its administration listens on a Unix socket beside its files."""

    process: asyncio.subprocess.Process
    directory: Path
    session: aiohttp.ClientSession

    async def ask(self, path: str) -> str:
        """The body of an answer of the administration; empty while nobody listens."""
        try:
            async with self.session.get(f"http://admin{path}") as answer:
                return await answer.text()
        except aiohttp.ClientError:
            return ""

    async def until(self, path: str, text: str) -> None:
        """Waits until an answer has a text in it."""
        while text not in await self.ask(path):  # noqa: ASYNC110 - another process
            await asyncio.sleep(_PAUSE)

    async def counters(self, expression: str) -> int:
        """The sum of the statistics whose names match."""
        found = json.loads(await self.ask(f"/stats?format=json&filter={expression}") or "{}").get("stats", ())
        return sum(one["value"] for one in found if "value" in one)

    def resident_megabytes(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def log(self) -> str:
        """The end of what it said."""
        return (self.directory / "log").read_text()[-2000:]


@contextlib.asynccontextmanager
async def running(
    discovery: str, proxies: Sequence[tuple[str, str]], directory: Path, metadata: Mapping[str, str] = {}
) -> AsyncIterator[tuple[RealEnvoy, ...]]:
    """One Envoy for each (name, namespace), all started at once; ``metadata`` is more of their nodes'."""
    async with contextlib.AsyncExitStack() as stack:
        secrets = directory / "secrets"
        await stack.enter_async_context(_secrets(secrets))
        found = []
        for name, namespace in proxies:
            own = directory / name
            own.mkdir()
            bootstrap = _bootstrap(discovery, (name, namespace), own, secrets)
            bootstrap["node"]["metadata"] |= metadata
            (own / "bootstrap.json").write_text(json.dumps(bootstrap))
            connector = aiohttp.UnixConnector(str(own / "admin"))
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            found.append(RealEnvoy(await _started(own), own, session))
            stack.push_async_callback(_end, found[-1].process)
        yield tuple(found)


async def _started(own: Path) -> asyncio.subprocess.Process:
    flags = ("--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning", "--log-path", str(own / "log"))
    return await asyncio.create_subprocess_exec(str(envoy()), "-c", str(own / "bootstrap.json"), *flags)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


@contextlib.asynccontextmanager
async def _secrets(path: Path) -> AsyncIterator[None]:
    """What agents give their proxies: a certificate and the roots, the same for all."""
    authority = Authority.create("bench")
    leaf = authority.issue(Subject("client", names=("client",)))
    store = SecretStore()
    store.put("default", KeyPair(leaf.certificate, leaf.key))
    store.put("ROOTCA", TrustBundle(authority.pair.certificate))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    server = await sds_server.serve(listener, store, lambda name: None)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


def _bootstrap(discovery: str, who: tuple[str, str], own: Path, secrets: Path) -> dict[str, Any]:
    host, _, port = discovery.rpartition(":")
    name, namespace = who
    from_ads = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
    service = {"envoy_grpc": {"cluster_name": "xds-grpc"}}
    ads = {"api_type": "DELTA_GRPC", "transport_api_version": "V3", "grpc_services": [service]}
    return {
        "node": {
            "id": f"sidecar~10.250.0.1~{name}.{namespace}~{namespace}.svc.cluster.local",
            "cluster": f"client.{namespace}",
            "metadata": {
                "NAMESPACE": namespace,
                "CLUSTER_ID": "cluster1",
                "LABELS": {"app": "client"},
                "INSTANCE_IPS": "10.250.0.1",
                "ISTIO_VERSION": "1.29.0",
                "PROXY_CONFIG": {},
            },
        },
        "admin": {"address": {"pipe": {"path": str(own / "admin")}}},
        "dynamic_resources": {
            "lds_config": from_ads,
            "cds_config": from_ads,
            "ads_config": ads | {"set_node_on_first_message_only": True},
        },
        "static_resources": {
            "clusters": [
                _http2("xds-grpc", {"socket_address": {"address": host, "port_value": int(port)}}),
                _http2("sds-grpc", {"pipe": {"path": str(secrets)}}),
            ]
        },
    }


def _http2(name: str, address: dict[str, Any]) -> dict[str, Any]:
    options = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": options,
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
