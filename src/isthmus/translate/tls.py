"""TLS contexts of the mesh's own mutual TLS, and the protocols that its peers recognise each other by.

Keys and roots come from the agent's secret service under the names ``default`` and ``ROOTCA``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.protos import pb, to_any
from isthmus.translate.values import Fields

ALPN_TCP = ("istio-peer-exchange", "istio")
ALPN_HTTP1 = ("istio-http/1.1", "istio", "http/1.1")
ALPN_HTTP2 = ("istio-h2", "istio", "h2")
ALPN_SERVER_HTTP = ("h2", "http/1.1")
ALPN_SERVER_TCP = ("istio-peer-exchange", "h2", "http/1.1")

MESH_HTTP = ("istio-http/1.0", "istio-http/1.1", "istio-h2")
"""What a mesh client offers when it is known to speak HTTP."""
MESH_TCP = ("istio-peer-exchange", "istio")
"""What every mesh client offers."""
MESH_ANY = ("istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2")

_CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
)
_SECRET_SERVICE = {
    "api_config_source": {
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "grpc_services": [{"envoy_grpc": {"cluster_name": "sds-grpc"}}],
        "set_node_on_first_message_only": True,
    },
    "initial_fetch_timeout": {},
    "resource_api_version": "V3",
}


def secret(name: str) -> Fields:
    """A secret by name from the agent."""
    return {"name": name, "sds_config": _SECRET_SERVICE}


def upstream(sni: str, identities: Iterable[str], alpn: Sequence[str]) -> Any:
    """The client's side of mesh mTLS; without identities any certificate of the mesh's root is accepted."""
    context = pb("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext")(
        sni=sni,
        common_tls_context={
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
            "alpn_protocols": alpn,
            "tls_certificate_sds_secret_configs": [secret("default")],
            "combined_validation_context": _validation({"exact": identity} for identity in identities),
        },
    )
    return socket(context)


def downstream(mesh: MeshConfig, alpn: Sequence[str]) -> Any:
    """The server's side of mesh mTLS: a client certificate of one of the mesh's trust domains is required."""
    domains = ({"prefix": f"spiffe://{domain}/"} for domain in mesh.trust_domains)
    context = pb("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext")(
        require_client_certificate={"value": True},
        common_tls_context={
            "tls_params": {
                "tls_minimum_protocol_version": _minimum(mesh),
                "tls_maximum_protocol_version": "TLSv1_3",
                "cipher_suites": (mesh.mesh_mtls.cipher_suites if mesh.mesh_mtls else ()) or _CIPHERS,
            },
            "alpn_protocols": alpn,
            "tls_certificate_sds_secret_configs": [secret("default")],
            "combined_validation_context": _validation(domains),
        },
    )
    return socket(context)


def socket(context: Any) -> Any:
    """A TLS transport socket from an upstream or downstream context."""
    return pb("envoy.config.core.v3.TransportSocket")(name="envoy.transport_sockets.tls", typed_config=to_any(context))


def raw_buffer() -> Any:
    """The transport socket of plain text."""
    return pb("envoy.config.core.v3.TransportSocket")(
        name="envoy.transport_sockets.raw_buffer",
        typed_config=to_any(pb("envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer")()),
    )


def _validation(matchers: Iterable[Mapping[str, str]]) -> Fields:
    names = [{"san_type": "URI", "matcher": matcher} for matcher in matchers]
    return {
        "default_validation_context": {"match_typed_subject_alt_names": names},
        "validation_context_sds_secret_config": secret("ROOTCA"),
    }


def _minimum(mesh: MeshConfig) -> str:
    wanted = mesh.mesh_mtls.min_protocol_version if mesh.mesh_mtls else "TLS_AUTO"
    return "TLSv1_3" if wanted == "TLSV1_3" else "TLSv1_2"
