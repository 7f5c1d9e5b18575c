"""The node at the other end of an ADS stream: what Istio's agents and Envoy's bootstrap say of themselves.

Knows the grammar of node ids and metadata (Istio: pilot/pkg/model/context.go, pkg/model/proxy.go). Does not know
whether any of it is true: ``xds.auth`` compares it with the caller's identity.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from typing import Any

import msgspec
from google.protobuf.json_format import MessageToDict

from isthmus.model.locality import Locality
from isthmus.rpc.refusal import Code, Refused


class NodeType(StrEnum):
    """What kind of proxy it is."""

    SIDECAR = "sidecar"
    ROUTER = "router"
    WAYPOINT = "waypoint"
    ZTUNNEL = "ztunnel"
    AGENT_GATEWAY = "agentgateway"


class Port(msgspec.Struct, frozen=True, rename="camel"):
    """A container port of the pod."""

    name: str = ""
    container_port: int = 0
    protocol: str = "TCP"


class Metadata(msgspec.Struct, frozen=True, rename="upper"):
    """Node metadata that the control plane reads; ``Node.metadata`` has the rest."""

    labels: dict[str, str] = {}
    static_labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    namespace: str = ""
    service_account: str = ""
    cluster_id: str = ""
    network: str = ""
    mesh_id: str = ""
    node_name: str = ""
    workload_name: str = ""
    instance_ips: str = ""
    interception_mode: str = ""
    istio_version: str = ""
    istio_revision: str = ""
    requested_network_view: str = ""
    pod_ports: str = ""
    generator: str = ""
    http_proxy_port: str = ""
    http10: str = ""
    idle_timeout: str = ""
    dns_capture: str | bool = ""
    dns_auto_allocate: str | bool = ""
    proxy_config: dict[str, Any] | None = None
    virtual_host_discovery: str | bool = ""  # Isthmus's own


class Node(msgspec.Struct, frozen=True):
    """A proxy, or a tool such as istioctl that speaks ADS."""

    type: NodeType
    addresses: tuple[str, ...]  # first one first
    id: str  # <pod>.<namespace>
    dns_domain: str
    namespace: str  # whose configuration it gets
    service_cluster: str
    locality: Locality
    details: Metadata
    metadata: dict[str, Any]  # as sent
    envoy_version: str = ""
    incremental: bool = False  # speaks the incremental variant of ADS

    @property
    def is_proxy(self) -> bool:
        """False for tools: they send no ProxyConfig (Istio leaves them out of proxy-status by the same test)."""
        return self.details.proxy_config is not None

    @property
    def network_view(self) -> tuple[str, ...]:
        """The networks whose endpoints it wants; empty: all."""
        return _comma_list(self.details.requested_network_view)

    @property
    def dns_capture(self) -> bool:
        """Whether its agent answers DNS queries."""
        return _true(self.details.dns_capture)

    @property
    def virtual_host_discovery(self) -> bool:
        """Whether it takes virtual hosts one by one. Envoy does so over the incremental variant only."""
        return self.incremental and _true(self.details.virtual_host_discovery)

    @property
    def pod_ports(self) -> tuple[Port, ...]:
        """Container ports; the metadata carries JSON in a string."""
        return msgspec.json.decode(self.details.pod_ports, type=tuple[Port, ...]) if self.details.pod_ports else ()


def parse_node(message: Any) -> Node:
    """From an ``envoy.config.core.v3.Node``; ``Refused`` (InvalidArgument) names what is wrong with it."""
    if not message.id:
        raise Refused(Code.INVALID_ARGUMENT, "missing node information: the first request must carry node.id")
    metadata = _metadata(message)
    kind, address, name, domain = _parts(message.id)
    details = _details(metadata)
    locality = message.locality
    node = Node(
        type=kind,
        addresses=_addresses(details.instance_ips, address),
        id=name,
        dns_domain=domain,
        namespace=details.namespace or domain.partition(".")[0],
        service_cluster=message.cluster,
        locality=Locality(locality.region, locality.zone, locality.sub_zone),
        details=details,
        metadata=metadata,
        envoy_version=_envoy_version(message),
    )
    _check_ports(node)
    return node


def _metadata(message: Any) -> dict[str, Any]:
    try:
        return MessageToDict(message.metadata) if message.HasField("metadata") else {}
    except ValueError as error:  # numbers that JSON does not have
        raise Refused(Code.INVALID_ARGUMENT, f"node metadata: {error}") from None


def _parts(node_id: str) -> tuple[NodeType, str, str, str]:
    parts = node_id.split("~")
    if len(parts) != 4:
        raise Refused(
            Code.INVALID_ARGUMENT,
            f"node id {node_id[:200]!r} is not of the form <type>~<ip>~<pod>.<namespace>~<domain>",
        )
    kind, address, name, domain = parts
    return _type(kind), address, name, domain


def _type(kind: str) -> NodeType:
    try:
        return NodeType(kind)
    except ValueError:
        known = ", ".join(NodeType)
        raise Refused(Code.INVALID_ARGUMENT, f"node type {kind[:50]!r} is none of {known}") from None


def _details(metadata: dict[str, Any]) -> Metadata:
    try:
        return msgspec.convert(metadata, Metadata)
    except msgspec.ValidationError as error:
        raise Refused(Code.INVALID_ARGUMENT, f"node metadata: {error}") from None


def _addresses(instance_ips: str, address: str) -> tuple[str, ...]:
    """INSTANCE_IPS wins over the id's address if it holds any valid one."""
    for candidates in (_comma_list(instance_ips), (address,)):
        valid = tuple(candidate for candidate in candidates if _is_address(candidate))
        if valid:
            return valid
    raise Refused(Code.INVALID_ARGUMENT, f"no valid IP address in node id ({address[:50]!r}) or INSTANCE_IPS")


def _check_ports(node: Node) -> None:
    try:
        node.pod_ports  # noqa: B018 - decoding is the check
    except msgspec.DecodeError as error:
        raise Refused(Code.INVALID_ARGUMENT, f"node metadata POD_PORTS: {error}") from None


def _envoy_version(message: Any) -> str:
    version = message.user_agent_build_version.version
    return f"{version.major_number}.{version.minor_number}.{version.patch}" if version.major_number else ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _comma_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _true(value: str | bool) -> bool:
    return value is True or value == "true"
