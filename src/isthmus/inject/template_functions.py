"""The functions that injection templates call besides Go's and Sprig's.

Knows: Istio's names for them and what they answer. Does not know templates or pods as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from isthmus.gotemplate import MISSING, FunctionError, Record
from isthmus.inject.containers import PROXY
from isthmus.inject.go_values import source_of

_PORT_FIELDS = ("name", "hostPort", "containerPort", "protocol", "hostIP")  # in the order of Go's struct


def template_functions(environment: Mapping[str, str]) -> Mapping[str, Callable[..., Any]]:
    """All functions. ``environment`` is what templates may read of the control plane's own."""
    return {
        **_FUNCTIONS,
        "env": lambda name, default: environment.get(name, default),
    }


def _annotation(meta: Any, name: str, default: Any) -> str:
    """An annotation of the pod, or the default as text."""
    annotations = meta.fields["Annotations"] if isinstance(meta, Record) else {}
    return str(annotations[name]) if name in (annotations or {}) else _text(default)


def _value_or_default(*values: Any) -> Any:
    """The first value that is not empty, else the last."""
    return next((value for value in values if value not in (None, MISSING, "", 0)), values[-1])


def _isset(mapping: Any, key: str) -> bool:
    return isinstance(mapping, Mapping) and key in mapping


def _text(value: Any) -> str:
    if value is None or value is MISSING:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _exclude_inbound_port(port: Any, excluded: Any) -> str:
    """The excluded ports with one more, unless it is none or stands there already."""
    added, listed = _text(port).strip(), [part.strip() for part in _text(excluded).split(",") if part.strip()]
    if added in ("", "0", *listed):
        return ",".join(listed)
    return ",".join([*listed, added])


def _container_ports(containers: Any, names: Callable[[str], bool]) -> str:
    """TCP ports of the chosen containers, comma separated."""
    chosen = [container for container in _sources(containers) if names(str(container.get("name", "")))]
    ports = (port for container in chosen for port in container.get("ports") or ())
    return ",".join(str(port["containerPort"]) for port in ports if port.get("protocol", "TCP") == "TCP")


def _sources(containers: Any) -> list[dict[str, Any]]:
    return [source_of(container) for container in containers or ()]


def _to_json(value: Any) -> str:
    if value in (None, MISSING):
        return "{}"
    return json.dumps(_plain(value), separators=(",", ":"), sort_keys=True)


def _struct_to_json(value: Any) -> str:
    """The JSON of a Kubernetes struct, its fields in Go's order where templates show them."""
    source = source_of(value)
    if not isinstance(source, Mapping):
        return _to_json(source)
    known = [name for name in _PORT_FIELDS if name in source]
    ordered = {name: source[name] for name in [*known, *sorted(source.keys() - set(known))]}
    return json.dumps(ordered, separators=(",", ":"))


def _proto_to_json(value: Any) -> str:
    """The fields of a message that differ from their defaults."""
    return value.text if isinstance(value, Record) else _to_json(value)


def _plain(value: Any) -> Any:
    source = source_of(value)
    if isinstance(source, Record):
        return _plain(source.fields)
    if isinstance(source, Mapping):
        return {str(name): _plain(field) for name, field in source.items()}
    return [_plain(element) for element in source] if isinstance(source, list | tuple) else source


def _from_json(text: str) -> Any:
    """A value from JSON. FunctionError when the text is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise FunctionError(f"fromJSON: {error}") from None


def _directory(path: str) -> str:
    """The path up to its last slash."""
    return path[: path.rfind("/") + 1]


def _append_network(existing: str, network: str) -> str:
    """Another network in the annotation by which Multus attaches them: a list of names or of JSON objects."""
    if not existing.strip():
        return network
    if existing.strip().startswith("["):
        networks = _from_json(existing)
        return json.dumps([*networks, {"name": network}], separators=(",", ":"))
    names = [name.strip() for name in existing.split(",")]
    return existing if network in names else f"{existing}, {network}"


def _strdict(*pairs: str) -> dict[str, str]:
    """A map from alternating keys and values; an empty value leaves its key out."""
    if len(pairs) % 2:
        raise FunctionError("strdict: a key has no value")
    return {key: value for key, value in zip(pairs[::2], pairs[1::2], strict=True) if value}


def _omit(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in (mapping or {}).items() if name not in keys}


def _omit_nil(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (mapping or {}).items() if value not in (None, MISSING)}


def _merge_maps(*mappings: Any) -> dict[str, Any]:
    """The maps joined; later ones win."""
    return {name: value for mapping in mappings for name, value in (mapping or {}).items()}


def _otel_attributes(meta: Any, values: Any) -> str:
    """``key=value`` pairs of the annotations that OpenTelemetry reads, comma separated."""
    prefix = "resource.opentelemetry.io/"
    annotations = meta.fields["Annotations"] if isinstance(meta, Record) else {}
    found = sorted(item for item in (annotations or {}).items() if item[0].startswith(prefix))
    return ",".join(f"{name.removeprefix(prefix)}={value}" for name, value in found)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "annotation": _annotation,
    "valueOrDefault": _value_or_default,
    "isset": _isset,
    "excludeInboundPort": _exclude_inbound_port,
    "includeInboundPorts": lambda containers: _container_ports(containers, lambda name: True),
    "applicationPorts": lambda containers: _container_ports(containers, lambda name: name != PROXY),
    "kubevirtInterfaces": _text,
    "excludeInterfaces": _text,
    "toJSON": _to_json,
    "structToJSON": _struct_to_json,
    "protoToJSON": _proto_to_json,
    "fromJSON": _from_json,
    "directory": _directory,
    "toLower": lambda text: _text(text).lower(),
    "appendMultusNetwork": _append_network,
    "strdict": _strdict,
    "omit": _omit,
    "omitNil": _omit_nil,
    "mergeMaps": _merge_maps,
    "otelResourceAttributes": _otel_attributes,
}
