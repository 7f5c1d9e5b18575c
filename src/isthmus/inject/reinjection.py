"""A pod that was injected before, taken back to what its user wrote.

Knows: the record that an injection leaves on a pod. Does not know templates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from isthmus.inject import metadata, probes, prometheus
from isthmus.inject.containers import CONTAINERS, INIT_CONTAINERS, find, listed, with_spec, without
from isthmus.inject.errors import InjectionError

Json = dict[str, Any]


def record(rendered: Json, revision: str) -> str:
    """The status annotation: names of everything that the templates brought."""
    spec = rendered.get("spec") or {}
    names = {
        field: [item["name"] for item in spec.get(field) or ()] or None
        for field in (INIT_CONTAINERS, CONTAINERS, "volumes", "imagePullSecrets")
    }
    return json.dumps({**names, "revision": revision or "default"}, separators=(",", ":"))


def was_injected(pod: Json) -> bool:
    """Whether an injection left its record."""
    return metadata.STATUS in metadata.annotations_of(pod)


def before_injection(pod: Json, status_port: int) -> Json:
    """The pod without what an earlier injection brought, and with the user's own parts of it put back."""
    if not was_injected(pod):
        return pod
    status = _annotation(pod, metadata.STATUS)
    pod = prometheus.restored(probes.restored(pod), status_port)
    kept = {field: without(listed(pod, field), *(status.get(field) or ())) for field in (CONTAINERS, INIT_CONTAINERS)}
    for field, containers in overrides_of(pod).items():
        kept[field] += [item for item in containers if find(kept[field], item.get("name", "")) is None]
    return metadata.annotated(with_spec(pod, **kept), {metadata.STATUS: None})


def overrides_of(pod: Json) -> dict[str, list[Json]]:
    """The user's own settings of injected containers, as the first injection wrote them down."""
    overrides = _annotation(pod, metadata.OVERRIDES)
    return {field: list(overrides.get(field) or ()) for field in (CONTAINERS, INIT_CONTAINERS)}


def previously_injected(pod: Json) -> frozenset[str]:
    """Names of containers that are in the pod because of an earlier injection."""
    status = _annotation(pod, metadata.STATUS)
    return frozenset((*(status.get(CONTAINERS) or ()), *(status.get(INIT_CONTAINERS) or ())))


def _annotation(pod: Json, name: str) -> Mapping[str, Any]:
    text = metadata.annotations_of(pod).get(name, "")
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InjectionError(f"annotation {name} is not the record of an injection: remove it or take it as it was")
    return value
