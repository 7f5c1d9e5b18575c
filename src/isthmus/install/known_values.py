"""Which values charts use, to point out those that nobody reads.

Knows only what charts' defaults show: where a default is an empty map, anything may stand.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from isthmus.install.chart import load
from isthmus.install.value_tree import Values, merged

_DEFAULTS = "_internal_defaults_do_not_set"
# Fields of IstioOperator files that are values without a chart, and sections that are free.
_ALSO_KNOWN: Mapping[str, Any] = {
    "profile": "",
    "compatibilityVersion": "",
    "meshConfig": {},
    "pilot": {"enabled": True, "cni": {"enabled": False}},
    "global": {"multiCluster": {"enabled": False}, "meshNetworks": {}, "hub": "", "tag": ""},
}
# Settings of Istio's that mean nothing here, and are no mistakes.
_WITHOUT_EFFECT = frozenset({"telemetry", "ztunnel", "istio_cni", "meshConfig", "platform"})


def unused(charts: Path, asked: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for each value asked for that no chart has a default for."""
    known = _known(charts)
    return tuple(_walk(asked, known, ()))


def _known(charts: Path) -> Values:
    known: Values = merged(_ALSO_KNOWN, {})
    for path in sorted(charts.glob("*/Chart.yaml")):
        values = load(path.parent).values
        known = merged(known, values.get(_DEFAULTS) or values)
    nested = {section: merged(known, known[section]) for section in ("pilot", "cni")}
    return merged(known, {"meshConfig": {}, **nested})


def _walk(asked: Mapping[str, Any], known: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    for key, value in asked.items():
        here = (*path, key)
        if not path and key in _WITHOUT_EFFECT:
            continue
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {'.'.join((*path, close[0]))}?" if close else ""
            yield f"values.{'.'.join(here)} is used by no chart and has no effect{hint}"
        elif isinstance(value, Mapping) and isinstance(known[key], Mapping) and known[key]:
            yield from _walk(value, known[key], here)
