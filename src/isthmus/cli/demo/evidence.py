"""What a sidecar itself says about its certificate and about where its requests went.

Knows two pages of Envoy's administration interface (`/clusters`, `/config_dump`) and X.509.
"""

import datetime
from dataclasses import dataclass

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from isthmus.cli.demo.members import SAMPLE, Member
from isthmus.cli.proxy_admin import ADMIN_PORT
from isthmus.kube.errors import KubeError
from isthmus.kube.pod_http import get_from_pod
from isthmus.kube.websocket import PodPort

CLUSTER = "outbound|5000||helloworld.sample.svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A workload's certificate and the authority that signed it."""

    identity: str
    issuer: str
    expires: datetime.datetime
    fingerprint: str
    """SHA-256 of the certificate, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a service in a sidecar: `IP:port`, its health, and the requests that it got."""

    address: str
    healthy: bool
    requests: int


class _SocketAddress(msgspec.Struct):
    address: str
    port_value: int


class _Address(msgspec.Struct):
    socket_address: _SocketAddress | None = None


class _Stat(msgspec.Struct):
    name: str
    value: str = "0"


class _Host(msgspec.Struct):
    address: _Address
    stats: list[_Stat] = []
    health_status: dict[str, object] = {}

    def endpoint(self) -> Endpoint | None:
        socket = self.address.socket_address
        if socket is None:
            return None
        requests = next((int(stat.value) for stat in self.stats if stat.name == "rq_total"), 0)
        healthy = self.health_status.get("eds_health_status", "HEALTHY") == "HEALTHY"
        return Endpoint(f"{socket.address}:{socket.port_value}", healthy, requests)


class _Cluster(msgspec.Struct):
    name: str
    host_statuses: list[_Host] = []


class _Clusters(msgspec.Struct):
    cluster_statuses: list[_Cluster] = []


class _Bytes(msgspec.Struct):
    inline_bytes: bytes = b""


class _TlsCertificate(msgspec.Struct):
    certificate_chain: _Bytes


class _Secret(msgspec.Struct):
    tls_certificate: _TlsCertificate | None = None


class _DynamicSecret(msgspec.Struct):
    name: str = ""
    secret: _Secret = msgspec.field(default_factory=_Secret)


class _Dump(msgspec.Struct):
    configs: list[_DynamicSecret] = []


async def endpoints(member: Member, pod: str) -> tuple[Endpoint, ...]:
    """helloworld's endpoints as the client's sidecar knows and uses them."""
    return parse_endpoints(await _admin(member, pod, "clusters?format=json"))


async def certificate(member: Member, pod: str) -> Certificate:
    """The client's certificate; KubeError when its sidecar has none."""
    return parse_certificate(await _admin(member, pod, "config_dump?resource=dynamic_active_secrets"))


def parse_endpoints(page: bytes) -> tuple[Endpoint, ...]:
    """The endpoints of `CLUSTER` in Envoy's `/clusters?format=json`."""
    found = msgspec.json.decode(page, type=_Clusters).cluster_statuses
    hosts = (host.endpoint() for cluster in found if cluster.name == CLUSTER for host in cluster.host_statuses)
    return tuple(sorted((host for host in hosts if host), key=lambda each: each.address))


def parse_certificate(page: bytes) -> Certificate:
    """The leaf of the secret `default` in Envoy's configuration dump; KubeError when there is none."""
    for config in msgspec.json.decode(page, type=_Dump).configs:
        if config.name == "default" and config.secret.tls_certificate:
            return describe(config.secret.tls_certificate.certificate_chain.inline_bytes)
    raise KubeError("the sidecar has no certificate yet")


def describe(chain: bytes) -> Certificate:
    """The first certificate of a PEM chain; its identity is the SPIFFE name, or the subject where there is none."""
    leaf = x509.load_pem_x509_certificates(chain)[0]
    identity = ", ".join(_uris(leaf)) or _words(leaf.subject)
    return Certificate(identity, _words(leaf.issuer), leaf.not_valid_after_utc, leaf.fingerprint(hashes.SHA256()).hex())


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def _words(name: x509.Name) -> str:
    return ", ".join(str(attribute.value) for attribute in name)


async def _admin(member: Member, pod: str, path: str) -> bytes:
    return await get_from_pod(member.api, PodPort(SAMPLE, pod, ADMIN_PORT), f"/{path}")
