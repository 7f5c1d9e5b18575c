"""The clusters that Envoy knows before the control plane has said a word.

Knows: how Envoy reaches the control plane, the agent's secrets, the agent's status port and itself.
Does not know what is served there.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from isthmus.agent.settings import Settings

DISCOVERY_CLUSTER = "xds-grpc"
SECRET_CLUSTER = "sds-grpc"  # noqa: S105 -- a cluster's name, fixed by the contract
ADMIN_CLUSTER = "prometheus_stats"
AGENT_CLUSTER = "agent"
ROOT_SECRET = "discovery-root"  # noqa: S105 -- the name of a resource
WORKLOAD_SECRET = "default"  # noqa: S105 -- the agent's name for the workload's certificate
TOKEN_SECRET = "discovery-token"  # noqa: S105 -- the name of a resource

_TYPES = "type.googleapis.com/envoy.extensions"


def clusters(settings: Settings) -> list[dict[str, Any]]:
    """All static clusters."""
    return [
        _local_cluster(ADMIN_CLUSTER, settings.ports.admin),
        _local_cluster(AGENT_CLUSTER, settings.ports.status),
        _secret_cluster(settings),
        _discovery_cluster(settings),
    ]


def socket_address(host: str, port: int) -> dict[str, Any]:
    """An Envoy ``Address`` of a TCP socket."""
    return {"socket_address": {"protocol": "TCP", "address": host, "port_value": port}}


def file_secret(settings: Settings, name: str) -> dict[str, Any]:
    """An ``SdsSecretConfig`` read from the file of that name beside the bootstrap."""
    directory = settings.paths.config
    source = {"path": str(directory / f"{name}.json"), "watched_directory": {"path": str(directory)}}
    return {"name": name, "sds_config": {"resource_api_version": "V3", "path_config_source": source}}


def _agent_secret(name: str) -> dict[str, Any]:
    """An ``SdsSecretConfig`` that the agent answers."""
    source = {
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": SECRET_CLUSTER}}],
    }
    return {"name": name, "sds_config": {"resource_api_version": "V3", "api_config_source": source}}


def uses_token(settings: Settings) -> bool:
    """Whether Envoy shows the pod's token: never on an unencrypted connection."""
    return not settings.discovery.address.plaintext


def _local_cluster(name: str, port: int) -> dict[str, Any]:
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "0.25s",
        "load_assignment": _assignment(name, socket_address("127.0.0.1", port)),
    }


def _secret_cluster(settings: Settings) -> dict[str, Any]:
    pipe = {"pipe": {"path": str(settings.paths.workload_socket)}}
    return {
        "name": SECRET_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": _http2({}),
        "load_assignment": _assignment(SECRET_CLUSTER, pipe),
    }


def _discovery_cluster(settings: Settings) -> dict[str, Any]:
    address = settings.discovery.address
    result: dict[str, Any] = {
        "name": DISCOVERY_CLUSTER,
        "cluster_type": _every_address_of_the_name(settings.pod.addresses),
        "connect_timeout": "1s",
        "upstream_connection_options": {
            "tcp_keepalive": {"keepalive_probes": 3, "keepalive_time": 30, "keepalive_interval": 10}
        },
        "circuit_breakers": {"thresholds": [_unlimited("DEFAULT"), _unlimited("HIGH")]},
        "typed_extension_protocol_options": _http2(_token_filters(settings)),
        "load_assignment": _assignment(DISCOVERY_CLUSTER, socket_address(address.host, address.port)),
    }
    return result if address.plaintext else {**result, "transport_socket": _discovery_tls(settings)}


def _assignment(name: str, address: dict[str, Any]) -> dict[str, Any]:
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}


def _unlimited(priority: str) -> dict[str, Any]:
    return {
        "priority": priority,
        "max_connections": 100000,
        "max_pending_requests": 100000,
        "max_requests": 100000,
    }


def _every_address_of_the_name(pod_addresses: tuple[str, ...]) -> dict[str, Any]:
    """Strict DNS in its present form, with quick retries: at a pod's start its network may still be coming up."""
    dns = {
        "@type": f"{_TYPES}.clusters.dns.v3.DnsCluster",
        "dns_lookup_family": _lookup_family(pod_addresses),
        "dns_refresh_rate": "30s",
        "dns_failure_refresh_rate": {"base_interval": "0.1s", "max_interval": "2s"},
        "respect_dns_ttl": True,
    }
    return {"name": "envoy.clusters.dns", "typed_config": dns}


def _lookup_family(addresses: tuple[str, ...]) -> str:
    """The families that the pod itself has: an answer of the other family could not be reached."""
    versions = {ipaddress.ip_address(address).version for address in addresses}
    if len(versions) > 1:
        return "ALL"
    return "V6_ONLY" if versions == {6} else "V4_ONLY"


def _http2(filters: dict[str, Any]) -> dict[str, Any]:
    """Protocol options: HTTP/2 with pings, so that a peer that froze is noticed within 40 seconds."""
    keepalive = {"interval": "30s", "timeout": "10s"}
    return {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": f"{_TYPES}.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {"connection_keepalive": keepalive}},
            **filters,
        }
    }


def _token_filters(settings: Settings) -> dict[str, Any]:
    """Upstream filters that put the pod's token on each request, re-read whenever kubelet rotates it."""
    if not uses_token(settings):
        return {}
    generic = {
        "@type": f"{_TYPES}.http.injected_credentials.generic.v3.Generic",
        "credential": file_secret(settings, TOKEN_SECRET),
        "header": "authorization",
        "header_value_prefix": "Bearer ",
    }
    injector = {
        "@type": f"{_TYPES}.filters.http.credential_injector.v3.CredentialInjector",
        "overwrite": True,
        "credential": {"name": "envoy.http.injected_credentials.generic", "typed_config": generic},
    }
    codec = {"@type": f"{_TYPES}.filters.http.upstream_codec.v3.UpstreamCodec"}
    return {
        "http_filters": [
            {"name": "envoy.filters.http.credential_injector", "typed_config": injector},
            {"name": "envoy.filters.http.upstream_codec", "typed_config": codec},
        ]
    }


def _discovery_tls(settings: Settings) -> dict[str, Any]:
    name = settings.discovery.server_name
    is_address = _is_address(name)
    matcher = {"san_type": "IP_ADDRESS" if is_address else "DNS", "matcher": {"exact": name}}
    validation = {"match_typed_subject_alt_names": [matcher]}
    common: dict[str, Any] = {
        "alpn_protocols": ["h2"],
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
    }
    common["combined_validation_context"] = {
        "default_validation_context": validation,
        "validation_context_sds_secret_config": file_secret(settings, ROOT_SECRET),
    }
    if settings.discovery.shows_certificate:
        common["tls_certificate_sds_secret_configs"] = [_agent_secret(WORKLOAD_SECRET)]
    tls = {"@type": f"{_TYPES}.transport_sockets.tls.v3.UpstreamTlsContext", "common_tls_context": common}
    # RFC 6066: a server name in the handshake is a DNS name, never an address.
    server_name = {} if is_address else {"sni": name}
    return {"name": "envoy.transport_sockets.tls", "typed_config": {**tls, **server_name}}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
