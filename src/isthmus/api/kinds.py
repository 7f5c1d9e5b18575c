"""All Istio kinds, in the order in which their CRDs are written."""

from __future__ import annotations

from isthmus.api import (
    authorization_policy,
    destination_rule,
    envoy_filter,
    gateway,
    peer_authentication,
    proxy_config,
    request_authentication,
    service_entry,
    sidecar,
    telemetry,
    traffic_extension,
    virtual_service,
    wasm_plugin,
    workload_entry,
    workload_group,
)
from isthmus.api.definition import Definition

DEFINITIONS: tuple[Definition, ...] = (
    traffic_extension.DEFINITION,
    wasm_plugin.DEFINITION,
    destination_rule.DEFINITION,
    envoy_filter.DEFINITION,
    gateway.DEFINITION,
    proxy_config.DEFINITION,
    service_entry.DEFINITION,
    sidecar.DEFINITION,
    virtual_service.DEFINITION,
    workload_entry.DEFINITION,
    workload_group.DEFINITION,
    authorization_policy.DEFINITION,
    peer_authentication.DEFINITION,
    request_authentication.DEFINITION,
    telemetry.DEFINITION,
)


def definition_of(group: str, kind: str) -> Definition | None:
    """The definition of a kind by its API group (without version) and name; ``None`` when not Istio's."""
    return next((entry for entry in DEFINITIONS if entry.group == group and entry.kind == kind), None)
