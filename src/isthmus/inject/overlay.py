"""One pod laid over another.

Knows: what a rendered template, or a user's own container, means where it meets what is there already.
The merge itself is Kubernetes' strategic merge (``isthmus.api.strategic_merge``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.api.strategic_merge import patched

Json = dict[str, Any]

_PROBES = frozenset({"livenessProbe", "readinessProbe", "startupProbe", "preStop", "postStart"})
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_WHOLE_ELEMENTS = frozenset({"env", "volumes"})


def overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> Json:
    """``over`` laid over ``base``: maps join, lists of named things join by name, null removes.

    A variable or a volume is replaced as a whole, and a probe's way of asking by another one: joined, they
    would have two values where the API server takes one.
    """
    return patched(base, _exclusive(over))


def _exclusive(over: Mapping[str, Any]) -> Json:
    return {name: _exclusive_field(name, value) for name, value in over.items()}


def _exclusive_field(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        chosen = {handler for handler in _HANDLERS if value.get(handler) is not None}
        if name in _PROBES and chosen:
            return {**{handler: None for handler in _HANDLERS if handler not in chosen}, **value}
        return _exclusive(value)
    if isinstance(value, list) and name in _WHOLE_ELEMENTS:
        return [{**element, "$patch": "replace"} for element in value]
    if isinstance(value, list):
        return [_exclusive(element) if isinstance(element, Mapping) else element for element in value]
    return value
