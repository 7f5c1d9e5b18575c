"""The route of a service that no VirtualService is about."""

from __future__ import annotations

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.service import Protocol, ServicePort
from isthmus.translate import alpn, names
from isthmus.translate.routes.destinations import Known
from isthmus.translate.routes.hash_policy import hash_policy
from isthmus.translate.routes.retries import retry_policy
from isthmus.translate.values import UNTIMED, Fields


def route(known: Known, port: ServicePort, mesh: MeshConfig, *, sidecar: bool) -> Fields:
    """Every request goes to the service, without a time limit."""
    action: Fields = {"cluster": names.outbound(known.hostname, port.number), **UNTIMED}
    if retries := retry_policy(None, mesh):
        action["retry_policy"] = retries
    if hashing := hash_policy(known.policy.effective(port.number)):
        action["hash_policy"] = hashing
    fields: Fields = {
        "name": "default",
        "match": {"prefix": "/"},
        "route": action,
        "decorator": {"operation": f"{known.hostname}:{port.number}/*"},
    }
    if port.protocol is Protocol.AUTO:
        fields["typed_per_filter_config"] = alpn.per_request(follows_client=sidecar)
    return fields
