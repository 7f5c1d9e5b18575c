"""What a control plane offers a proxy: certificates and ADS on one port, and what it is asked to serve."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable
from typing import Any

from agent_authority import Authority
from cryptography import x509
from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream

from isthmus.protos import pb, to_any

DELTA_REQUEST = pb("envoy.service.discovery.v3.DeltaDiscoveryRequest")
DELTA_RESPONSE = pb("envoy.service.discovery.v3.DeltaDiscoveryResponse")
CSR_REQUEST = pb("istio.v1.auth.IstioCertificateRequest")
CSR_RESPONSE = pb("istio.v1.auth.IstioCertificateResponse")
TLS = "envoy.extensions.transport_sockets.tls.v3"
LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener"
NAMES = "type.googleapis.com/istio.networking.nds.v1.NameTable"
ROUTER = "envoy.extensions.filters.http.router.v3.Router"


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
        self.answering = asyncio.Event()
        self.answering.set()
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

    async def end_connections(self) -> None:
        """Sends clients away, so that their next streams come over new connections."""
        for stream in tuple(self.open_streams):
            stream._stream._transport.close()

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
        await self.answering.wait()
        response = DELTA_RESPONSE(type_url=request.type_url, nonce=request.type_url)
        for message in self.resources.get(request.type_url, []):
            response.resources.add(name=getattr(message, "name", "table"), version="1", resource=to_any(message))
        await stream.send_message(response)


def secret_config(name: str) -> dict[str, Any]:
    """A secret of the agent, as the control plane's listeners and clusters ask for it."""
    service = {"envoy_grpc": {"cluster_name": "sds-grpc"}}
    source = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [service]}
    return {"name": name, "sds_config": {"api_config_source": source, "resource_api_version": "V3"}}


def mutual_tls_listener(port: int) -> Any:
    """An inbound listener with the workload's certificate that answers every request itself."""
    common = {
        "tls_certificate_sds_secret_configs": [secret_config("default")],
        "validation_context_sds_secret_config": secret_config("ROOTCA"),
    }
    tls = pb(f"{TLS}.DownstreamTlsContext")(common_tls_context=common, require_client_certificate={"value": False})
    manager = pb("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")(
        stat_prefix="test",
        route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [answer_route()]}]},
        http_filters=[{"name": "router", "typed_config": to_any(pb(ROUTER)())}],
    )
    chain = {
        "filters": [{"name": "http", "typed_config": to_any(manager)}],
        "transport_socket": {"name": "tls", "typed_config": to_any(tls)},
    }
    return pb("envoy.config.listener.v3.Listener")(
        name="inbound",
        address={"socket_address": {"address": "127.0.0.1", "port_value": port}},
        traffic_direction="INBOUND",
        filter_chains=[chain],
    )


def name_table(**hosts: str) -> Any:
    """A table of services of the namespace ``sample``, each with one address."""
    table = pb("istio.networking.nds.v1.NameTable")()
    for short, address in hosts.items():
        entry = table.table[f"{short}.sample.svc.cluster.local"]
        entry.ips.append(address)
        entry.registry, entry.shortname, entry.namespace = "Kubernetes", short, "sample"
    return table


def answer_route() -> dict[str, Any]:
    return {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "hello"}}}


def free_port() -> int:
    """A port that nobody listens at, outside of the range from which connections get theirs."""
    while True:
        port = random.randrange(20000, 32000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
