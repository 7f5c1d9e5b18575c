"""How a cluster secures its connections: a rule's TLS settings, else mesh mTLS where the endpoint takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from isthmus.api.mesh_config import MeshConfig
from isthmus.api.tls import ClientTlsSettings
from isthmus.model.service import Service
from isthmus.protos import pb
from isthmus.translate import client_tls, names, tls
from isthmus.translate.clusters import http_options
from isthmus.translate.encoding import struct
from isthmus.translate.upstream import Target
from isthmus.translate.values import Fields
from isthmus.translate.views import ClusterView

CONTROL_PLANE = {"app": "istiod", "istio": "pilot"}
"""Labels of the Services of control planes, as every chart gives them."""
TLS_MODE = "tlsMode"
"""Key of the endpoint metadata that says whether an endpoint takes mesh mTLS (value ``istio``)."""


def transport(view: ClusterView, target: Target, mesh: MeshConfig, *, direct: bool) -> Fields:
    """The cluster's transport sockets; none means plain text.

    Mesh mTLS that nobody asked for is chosen per endpoint, except where endpoints are not known (``direct``).
    """
    settings = target.traffic.tls
    if settings is not None:
        if settings.mode == "DISABLE":
            return {}
        if settings.mode == "ISTIO_MUTUAL":
            return {"transport_socket": _mesh(target, mesh)}
        http2 = http_options.speaks_http2(target, mesh)
        trusted = _as_trusted(settings, target.upstream.service)
        return {"transport_socket": client_tls.upstream(trusted, sidecar=view.sidecar, http2=http2)}
    if target.port.number not in target.upstream.mutual_tls:
        return {}
    if direct:
        return {"transport_socket": _mesh(target, mesh)}
    return {"transport_socket_matches": [_when_taken(_mesh(target, mesh)), _otherwise()]}


def _as_trusted(settings: ClientTlsSettings, service: Service) -> ClientTlsSettings:
    """A rule that names no roots is checked against the system's; a control plane's certificate is never among them.

    It is signed by its own mesh. Istio's guides put control planes behind a gateway with such a rule, and the
    gateway belongs to another mesh: it takes what it gets, as Istio did before it had ``insecureSkipVerify``.
    """
    if settings.ca_certificates or settings.credential_name or CONTROL_PLANE.items() - service.labels.items():
        return settings
    return msgspec.structs.replace(settings, insecure_skip_verify=True)


def _mesh(target: Target, mesh: MeshConfig) -> Any:
    upstream, settings = target.upstream, target.traffic.tls
    sni = names.sni(upstream.service.hostname, target.port.number, target.subset_name)
    identities = upstream.identities
    if settings is not None:
        sni, identities = settings.sni or sni, settings.subject_alt_names or identities
    return tls.upstream(sni, identities, _alpn(target, mesh))


def _alpn(target: Target, mesh: MeshConfig) -> Sequence[str]:
    """What the receiving proxy finds the protocol by. Where the client's version is kept, requests override it."""
    if not target.port.protocol.is_http:
        return tls.ALPN_TCP
    return tls.ALPN_HTTP2 if http_options.speaks_http2(target, mesh) else tls.ALPN_HTTP1


def _when_taken(socket: Any) -> Any:
    return pb("envoy.config.cluster.v3.Cluster.TransportSocketMatch")(
        name="tlsMode-istio", match=struct({TLS_MODE: "istio"}), transport_socket=socket
    )


def _otherwise() -> Any:
    return pb("envoy.config.cluster.v3.Cluster.TransportSocketMatch")(
        name="tlsMode-disabled", match={}, transport_socket=tls.raw_buffer()
    )
