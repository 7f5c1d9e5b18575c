"""Inbound routes: everything that arrives on a container port goes to the application."""

from __future__ import annotations

from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.service import Protocol
from isthmus.protos import pb
from isthmus.translate import names
from isthmus.translate.inbound import InboundPort
from isthmus.translate.values import Fields, wrapped

_RETRIES = 2
_GRPC = (Protocol.GRPC, Protocol.GRPC_WEB)


def to_port(port: InboundPort, mesh: MeshConfig) -> Any:
    """The inline route configuration of one port. Only requests that the application never saw are retried."""
    operation = f"{port.hostname}:{port.service_port}/*"
    cluster = names.inbound(port.number)
    action = _action(cluster)
    attempts = mesh.default_inbound_http_retry_policy
    count = _RETRIES if attempts is None else attempts.attempts
    if port.protocol not in _GRPC and count > 0:
        retry_on = (attempts.retry_on if attempts else "") or "reset-before-request"
        action["retry_policy"] = {"retry_on": retry_on, "num_retries": wrapped(count)}
    return _configuration(cluster, f"inbound|http|{port.service_port}", action, operation)


def passthrough() -> Any:
    """The inline route configuration of ports without a service."""
    cluster = names.INBOUND_PASSTHROUGH
    return _configuration(cluster, "inbound|http|0", _action(cluster), ":0/*")


def _action(cluster: str) -> Fields:
    return {"cluster": cluster, "timeout": {}, "max_stream_duration": {"max_stream_duration": {}}}


def _configuration(name: str, host: str, action: Fields, operation: str) -> Any:
    route = {"name": "default", "match": {"prefix": "/"}, "route": action, "decorator": {"operation": operation}}
    return pb("envoy.config.route.v3.RouteConfiguration")(
        name=name,
        virtual_hosts=[{"name": host, "domains": ["*"], "routes": [route]}],
        validate_clusters=wrapped(False),
    )
