"""The least that a pod must be to be injected: what rendering and overlaying rely on.

An API server hands only pods to a webhook; whoever calls it otherwise gets an answer, too.
"""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.inject.errors import InjectionError

_Objects = list[dict[str, Any]] | None


class _Meta(msgspec.Struct, rename="camel"):
    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: _Objects = None


class _Action(msgspec.Struct, rename="camel"):
    http_get: dict[str, Any] | None = None
    tcp_socket: dict[str, Any] | None = None
    grpc: dict[str, Any] | None = None
    timeout_seconds: int | None = None


class _Lifecycle(msgspec.Struct, rename="camel"):
    pre_stop: _Action | None = None
    post_start: _Action | None = None


class _Container(msgspec.Struct, rename="camel"):
    name: str | None = None
    image: str | None = None
    ports: _Objects = None
    env: _Objects = None
    env_from: _Objects = None
    volume_mounts: _Objects = None
    resources: dict[str, Any] | None = None
    security_context: dict[str, Any] | None = None
    readiness_probe: _Action | None = None
    liveness_probe: _Action | None = None
    startup_probe: _Action | None = None
    lifecycle: _Lifecycle | None = None
    command: list[str] | None = None
    args: list[str] | None = None


class _Spec(msgspec.Struct, rename="camel"):
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    volumes: _Objects = None
    security_context: dict[str, Any] | None = None
    image_pull_secrets: _Objects = None
    dns_config: dict[str, Any] | None = None
    host_network: bool | None = None
    service_account_name: str | None = None


class _Pod(msgspec.Struct):
    metadata: _Meta | None = None
    spec: _Spec | None = None


def check_shape(pod: dict[str, Any]) -> None:
    """InjectionError names the field that no pod has like this."""
    try:
        msgspec.convert(pod, _Pod)
    except msgspec.ValidationError as error:
        raise InjectionError(f"not a pod: {error}") from None
