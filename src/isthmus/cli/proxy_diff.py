"""How a proxy's configuration differs from what its control plane holds for it.

Pure: two configuration dumps in, text out. Both are read as ``envoy.admin.v3`` messages where their types are
known, so that defaults and field names do not count as differences.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from google.protobuf import json_format

from isthmus.protos import pb, pool, to_dict

Named = Mapping[str, Any]
"""Resources as plain JSON, by name."""

_CONTEXT_LINES = 7


def compare(control_plane: Sequence[Any], envoy: Mapping[str, Any]) -> str:
    """A line or a unified diff for each of clusters, listeners and routes.

    ``control_plane`` are ``Any`` messages with the sections that the control plane sent, ``envoy`` is the
    decoded ``/config_dump`` of the proxy.
    """
    sent = {entry.type_url.rpartition("/")[2]: entry for entry in control_plane}
    kept = {entry["@type"].rpartition("/")[2]: entry for entry in envoy.get("configs", ())}
    return "".join(
        _section(title, resources(_sent(name, sent)), resources(_kept(name, kept)))
        for title, name, resources in _SECTIONS
    )


def _section(title: str, theirs: Named, ours: Named) -> str:
    if theirs == ours:
        return f"{title} Match\n"
    lines = difflib.unified_diff(
        _lines(theirs), _lines(ours), f"Istiod {title}", f"Envoy {title}", n=_CONTEXT_LINES, lineterm=""
    )
    return f"{title} Don't Match\n" + "".join(f"{line}\n" for line in lines)


def _lines(resources: Named) -> list[str]:
    ordered = [resources[name] for name in sorted(resources)]
    return msgspec.json.format(msgspec.json.encode(ordered, order="sorted"), indent=2).decode().splitlines()


def _sent(name: str, sections: Mapping[str, Any]) -> Mapping[str, Any]:
    entry = sections.get(name)
    return to_dict(pb(name).FromString(entry.value)) if entry is not None else {}


def _kept(name: str, sections: Mapping[str, Any]) -> Mapping[str, Any]:
    section = {key: value for key, value in sections.get(name, {}).items() if key != "@type"}
    try:
        message = json_format.ParseDict(section, pb(name)(), ignore_unknown_fields=True, descriptor_pool=pool())
    except json_format.ParseError:
        return section  # a type that was not compiled in: compared as Envoy spelt it
    return to_dict(message)


def _clusters(section: Mapping[str, Any]) -> Named:
    return _by_name(entry["cluster"] for entry in section.get("dynamic_active_clusters", ()))


def _listeners(section: Mapping[str, Any]) -> Named:
    states = (entry.get("active_state", {}) for entry in section.get("dynamic_listeners", ()))
    return _by_name(state["listener"] for state in states if "listener" in state)


def _routes(section: Mapping[str, Any]) -> Named:
    return _by_name(entry["route_config"] for entry in section.get("dynamic_route_configs", ()))


def _by_name(resources: Iterable[Mapping[str, Any]]) -> Named:
    return {entry.get("name", ""): {key: entry[key] for key in entry if key != "@type"} for entry in resources}


_SECTIONS = (
    ("Clusters", "envoy.admin.v3.ClustersConfigDump", _clusters),
    ("Listeners", "envoy.admin.v3.ListenersConfigDump", _listeners),
    ("Routes", "envoy.admin.v3.RoutesConfigDump", _routes),
)
