"""Labels and annotations of a pod: reading them, and the names that injection uses."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

INJECT = "sidecar.istio.io/inject"
STATUS = "sidecar.istio.io/status"
TEMPLATES = "inject.istio.io/templates"
OVERRIDES = "proxy.istio.io/overrides"
PROXY_CONFIG = "proxy.istio.io/config"
NATIVE_SIDECAR = "sidecar.istio.io/nativeSidecar"
STATUS_PORT = "status.sidecar.istio.io/port"
NETWORK = "topology.istio.io/network"


def annotations_of(pod: Json) -> dict[str, str]:
    """The pod's annotations."""
    return dict((pod.get("metadata") or {}).get("annotations") or {})


def labels_of(pod: Json) -> dict[str, str]:
    """The pod's labels."""
    return dict((pod.get("metadata") or {}).get("labels") or {})


def annotated(pod: Json, changes: Mapping[str, str | None]) -> Json:
    """The pod with annotations set, or removed where the value is None."""
    return _changed(pod, "annotations", annotations_of(pod), changes)


def labelled(pod: Json, changes: Mapping[str, str | None]) -> Json:
    """The pod with labels set, or removed where the value is None."""
    return _changed(pod, "labels", labels_of(pod), changes)


def _changed(pod: Json, field: str, present: dict[str, str], changes: Mapping[str, str | None]) -> Json:
    merged = {**present, **changes}
    kept = {name: value for name, value in merged.items() if value is not None}
    return {**pod, "metadata": {**(pod.get("metadata") or {}), field: kept}}


def is_true(value: object) -> bool:
    """Whether a text means yes, as Go's ``strconv.ParseBool`` has it."""
    return str(value).lower() in ("1", "t", "true")


def is_false(value: object) -> bool:
    """Whether a text means no."""
    return str(value).lower() in ("0", "f", "false")
