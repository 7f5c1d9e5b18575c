"""Everything that steers one agent, as one frozen record.

Knows: the shape of the settings. Does not know the environment they are read from (``environment``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.agent.pod import Pod
from isthmus.agent.proxy_config import ProxyConfig

PLAINTEXT_PORT = 15010


@dataclass(frozen=True, slots=True)
class Address:
    """A host (name or address) and a port."""

    host: str
    port: int

    @property
    def plaintext(self) -> bool:
        """Whether the control plane's port speaks without TLS (contract: the port number says so)."""
        return self.port == PLAINTEXT_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Paths:
    """Files and sockets, absolute. They follow the working directory as the contract's relative paths do."""

    config: Path
    token: Path
    mesh_root: Path
    workload_socket: Path
    workload_certificates: Path
    output_certificates: Path | None
    bootstrap_override: Path | None

    @property
    def bootstrap(self) -> Path:
        """Envoy's bootstrap."""
        return self.config / "envoy-rev.json"


@dataclass(frozen=True, slots=True)
class Upstream:
    """How the control plane or the CA is reached.

    ``root`` is the bundle that its certificate must chain to; ``server_name`` is the name that the certificate
    must carry; ``headers`` go with every request. ``shows_certificate``: the workload's own certificate is offered
    beside its token, for a control plane that cannot ask the workload's cluster about tokens.
    """

    address: Address
    server_name: str
    root: Path
    headers: Mapping[str, str]
    shows_certificate: bool = False


@dataclass(frozen=True, slots=True)
class KeyKind:
    """``P256``, ``P384``, or ``RSA`` with a size in bits; ``pkcs8`` is the encoding of the private key."""

    algorithm: str
    bits: int = 0
    pkcs8: bool = False


@dataclass(frozen=True, slots=True)
class Certificates:
    """How the workload gets its certificate. Times in seconds, ratios of the certificate's lifetime."""

    authority: Upstream
    identity: str
    key: KeyKind
    lifetime: float
    grace_ratio: float
    grace_jitter: float
    signer: str
    files_only: bool


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of the agent (``status``) and of Envoy's own listeners."""

    status: int
    admin: int
    envoy_status: int
    envoy_prometheus: int


@dataclass(frozen=True, slots=True)
class Drain:
    """How a terminating proxy empties. Times in seconds."""

    listener_seconds: float
    termination_seconds: float
    minimum_seconds: float
    until_no_connections: bool


@dataclass(frozen=True, slots=True)
class Dns:
    """The pod's DNS proxy; None as address when DNS is not captured. Time in seconds."""

    address: Address | None
    forward_timeout: float
    forward_parallel: bool


@dataclass(frozen=True, slots=True)
class Application:
    """What the injector moved from the application to the agent: probes by path, and where its metrics are."""

    probers: Mapping[str, Any]
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Logging:
    """Log levels of Envoy, of its components, and of the agent."""

    envoy: str
    envoy_components: str
    agent: str
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """One agent. ``metadata`` and ``metadata_json`` are the node metadata that the environment asks for."""

    proxy_type: str
    dns_domain: str
    pod: Pod
    proxy: ProxyConfig
    cpu_limit: int
    paths: Paths
    discovery: Upstream
    delta: bool
    certificates: Certificates
    ports: Ports
    drain: Drain
    dns: Dns
    application: Application
    logging: Logging
    metadata: Mapping[str, str]
    metadata_json: Mapping[str, Any]
