"""The application's probes, led to the agent.

Knows: where Kubernetes keeps probes and hooks, and the record that the agent runs them by.
Does not know the agent. Kubelet cannot pass mutual TLS; the agent, inside the pod, does not have to.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from isthmus.inject import metadata
from isthmus.inject.containers import PROXY, add_variables, each, proxy, variable, with_proxy

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
    originals: dict[str, Any] = {}

    def lead(path: str, probe: Json, container: Json) -> Json:
        original = _original(probe, path, container, status_port)
        if original is None:
            return probe
        originals[path] = original
        return _led(probe, path, status_port)

    changed = each(pod, lambda container: _with_probes(container, lead))
    if not originals:
        return pod
    text = json.dumps(originals, separators=(",", ":"), sort_keys=True)
    return with_proxy(changed, lambda container: add_variables(container, {RECORD: text}))


def restored(pod: Json) -> Json:
    """The pod with the probes that an earlier injection led to the agent as they were before."""
    text = variable(proxy(pod), RECORD)
    originals = json.loads(text) if text else {}

    def restore(path: str, probe: Json, container: Json) -> Json:
        led_here = (probe.get("httpGet") or {}).get("path") == path
        if not led_here or path not in originals:
            return probe
        return {**{name: value for name, value in probe.items() if name != "httpGet"}, **originals[path]}

    return each(pod, lambda container: _with_probes(container, restore))


def _with_probes(container: Json, change: Callable[[str, Json, Json], Json]) -> Json:
    """The container with each probe and hook changed; ``change`` gets the agent's path for it."""
    name = container.get("name", "")
    if name == PROXY:
        return container
    result = dict(container)
    for field, word in _PROBES.items():
        if container.get(field):
            result[field] = change(f"/app-health/{name}/{word}", container[field], container)
    hooks = dict(container.get("lifecycle") or {})
    for field, word in _HOOKS.items():
        if hooks.get(field):
            hooks[field] = change(f"/app-lifecycle/{name}/{word}", hooks[field], container)
    return {**result, "lifecycle": hooks} if hooks else result


def _original(probe: Json, path: str, container: Json, status_port: int) -> Json | None:
    """The agent's record of a probe, with its port as a number.

    None for a command, which runs inside the container, for a port that the container does not have, and for a
    probe that goes to the agent already.
    """
    kinds = _PROBE_KINDS if path.startswith("/app-health/") else _HOOK_KINDS
    kind = next((kind for kind in kinds if probe.get(kind)), None)
    port = _number(probe[kind].get("port", 0), container) if kind else None
    if kind is None or port is None or port == status_port:
        return None
    timeout = {"timeoutSeconds": probe["timeoutSeconds"]} if "timeoutSeconds" in probe else {}
    return {kind: {**probe[kind], "port": port}, **timeout}


def _number(port: int | str, container: Json) -> int | None:
    """The number of a port given by number or by the name that the container has for it."""
    if isinstance(port, int) or port.isdigit():
        return int(port)
    return next((each["containerPort"] for each in container.get("ports") or () if each.get("name") == port), None)


def _led(probe: Json, path: str, status_port: int) -> Json:
    """The probe as kubelet runs it: over HTTP at the agent, with the header fields that were asked for."""
    headers = (probe.get("httpGet") or {}).get("httpHeaders")
    asked = {"path": path, "port": status_port, **({"httpHeaders": headers} if headers else {})}
    return {**{name: value for name, value in probe.items() if name not in _PROBE_KINDS}, "httpGet": asked}
