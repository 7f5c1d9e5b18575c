"""The application's probes, led to the agent.

Knows: where Kubernetes keeps probes and hooks, and the record that the agent runs them by.
Does not know the agent. Kubelet cannot pass mutual TLS; the agent, inside the pod, does not have to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.inject import metadata
from isthmus.inject.containers import PROXY, add_variables, each, proxy, with_proxy

Json = dict[str, Any]

REWRITE = "sidecar.istio.io/rewriteAppHTTPProbers"
RECORD = "ISTIO_KUBE_APP_PROBERS"
_PROBES = {"livenessProbe": "livez", "readinessProbe": "readyz", "startupProbe": "startupz"}
_HOOKS = {"preStop": "prestopz", "postStart": "poststartz"}
_PROBE_KINDS, _HOOK_KINDS = ("httpGet", "tcpSocket", "grpc"), ("httpGet", "tcpSocket")


def rewritten(pod: Json, status_port: int, enabled: bool) -> Json:
    """The pod with every probe and hook that goes to a port led to the agent; those that cannot be stay."""
    word = metadata.annotations_of(pod).get(REWRITE, str(enabled))
    if not metadata.is_true(word) or proxy(pod) is None:
        return pod
    record: dict[str, Any] = {}
    changed = each(pod, lambda container: _rewritten(container, status_port, record))
    if not record:
        return pod
    text = json.dumps(record, separators=(",", ":"), sort_keys=True)
    return with_proxy(changed, lambda container: add_variables(container, {RECORD: text}))


def _rewritten(container: Json, status_port: int, record: dict[str, Any]) -> Json:
    """The container with its probes led to the agent; ``record`` gains the originals."""
    name = container.get("name", "")
    if name == PROXY:
        return container
    ports = {port["name"]: port["containerPort"] for port in container.get("ports") or () if port.get("name")}
    result = dict(container)
    for field, word in _PROBES.items():
        if field in container:
            path = f"/app-health/{name}/{word}"
            result[field] = _led(container[field], _PROBE_KINDS, _Target(path, status_port, ports), record)
    hooks = dict(container.get("lifecycle") or {})
    for field, word in _HOOKS.items():
        if field in hooks:
            path = f"/app-lifecycle/{name}/{word}"
            hooks[field] = _led(hooks[field], _HOOK_KINDS, _Target(path, status_port, ports), record)
    return {**result, "lifecycle": hooks} if hooks else result


@dataclass(frozen=True, slots=True)
class _Target:
    """Where one probe is led, and the container's ports by name."""

    path: str
    port: int
    ports: Mapping[str, int]

    def number(self, port: int | str) -> int | None:
        """The number of a port given by number or name; None for a name that the container does not have."""
        if isinstance(port, str) and not port.isdigit():
            return self.ports.get(port)
        return int(port)


def _led(probe: Json, kinds: tuple[str, ...], target: _Target, record: dict[str, Any]) -> Json:
    kind = next((kind for kind in kinds if probe.get(kind)), None)
    if kind is None:
        return probe  # a command, which runs inside the container
    asked = probe[kind]
    number = target.number(asked.get("port", 0))
    if number is None or number == target.port:
        return probe
    timeout = {"timeoutSeconds": probe["timeoutSeconds"]} if "timeoutSeconds" in probe else {}
    record[target.path] = {kind: {**asked, "port": number}, **timeout}
    kept = {name: value for name, value in (asked.items() if kind == "httpGet" else ()) if name == "httpHeaders"}
    others = {name: value for name, value in probe.items() if name != kind}
    return {**others, "httpGet": {**kept, "path": target.path, "port": target.port}}
