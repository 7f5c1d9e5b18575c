"""One page of metrics for the pod: the agent's, Envoy's and the application's.

Knows: the annotations by which scrapers find a page, and the record for the agent. Does not know the agent.
"""

from __future__ import annotations

import json
from typing import Any

from isthmus.inject import metadata
from isthmus.inject.containers import add_variables, proxy, variable, with_proxy
from isthmus.inject.errors import InjectionError

Json = dict[str, Any]

MERGE, TARGETS = "prometheus.istio.io/merge-metrics", "prometheus.istio.io/scrape-targets"
RECORD = "ISTIO_PROMETHEUS_ANNOTATIONS"
_PREFIXES = ("prometheus.io/", "prometheus.io.")
_MERGED_PATH = "/stats/prometheus"
_RESERVED = frozenset({15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090})


def merged(pod: Json, status_port: int, enabled: bool) -> Json:
    """The pod with scrapers led to the agent and the agent led to the application's own pages.

    InjectionError when the application's page is said to be at one of the proxy's ports.
    """
    annotations = metadata.annotations_of(pod)
    word = annotations.get(MERGE, str(enabled))
    if not metadata.is_true(word) or metadata.is_false(_setting(annotations, "scrape", "true")):
        return pod
    if _setting(annotations, "port") == str(status_port):
        return pod  # the user sends scrapers to the agent already
    record = _record(annotations)
    if record:
        text = json.dumps(record, separators=(",", ":"))
        pod = with_proxy(pod, lambda container: add_variables(container, {RECORD: text}))
    page = {"port": str(status_port), "path": _MERGED_PATH, "scrape": "true"}
    return metadata.annotated(pod, {f"prometheus.io/{name}": value for name, value in page.items()})


def restored(pod: Json, status_port: int) -> Json:
    """The pod with the annotations that an earlier injection replaced as they were before."""
    if _setting(metadata.annotations_of(pod), "port") != str(status_port):
        return pod
    names = [prefix + name for prefix in _PREFIXES for name in ("port", "path", "scrape")]
    text = variable(proxy(pod), RECORD)
    record = json.loads(text) if text else {}
    before = {f"prometheus.io/{name}": value for name, value in record.items() if isinstance(value, str)}
    return metadata.annotated(pod, {**dict.fromkeys(names), **before})


def _setting(annotations: dict[str, str], name: str, default: str = "") -> str:
    return next((annotations[prefix + name] for prefix in _PREFIXES if prefix + name in annotations), default)


def _record(annotations: dict[str, str]) -> dict[str, Any]:
    found = {name: _setting(annotations, name) for name in ("scrape", "path", "port")}
    record: dict[str, Any] = {name: value for name, value in found.items() if value}
    if "port" in record:
        _check_port(record["port"], "prometheus.io/port")
    targets = [_target(part.strip()) for part in annotations.get(TARGETS, "").split(",") if part.strip()]
    return {**record, **({"targets": targets} if targets else {})}


def _target(text: str) -> dict[str, str]:
    port, _, path = text.partition(":")
    _check_port(port, TARGETS)
    return {"port": port, "path": path or "/metrics"}


def _check_port(port: str, annotation: str) -> None:
    if not port.isascii() or not port.isdigit():
        raise InjectionError(f"annotation {annotation}: {port!r} is not a port")
    if int(port) in _RESERVED:
        raise InjectionError(f"annotation {annotation}: {port} is a port of the proxy; scrape the application's own")
