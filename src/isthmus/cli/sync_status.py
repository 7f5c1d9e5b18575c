"""The tables of ``proxy-status``: what each proxy subscribed to and whether it has it.

Pure: rows from ``envoy.service.status.v3.ClientConfig`` messages and a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from isthmus.cli.columns import Table
from isthmus.cli.durations import human_duration
from isthmus.protos import pb

SHORT_HEADER = ("NAME", "CLUSTER", "ISTIOD", "VERSION", "SUBSCRIBED TYPES")
LONG_HEADER = ("NAME", "CLUSTER", "CDS", "ECDS", "EDS", "LDS", "RDS", "ISTIOD", "VERSION")

_SHORT_NAMES = {
    "envoy.config.cluster.v3.Cluster": "CDS",
    "envoy.config.listener.v3.Listener": "LDS",
    "envoy.config.endpoint.v3.ClusterLoadAssignment": "EDS",
    "envoy.config.route.v3.RouteConfiguration": "RDS",
    "envoy.config.core.v3.TypedExtensionConfig": "ECDS",
    "envoy.extensions.transport_sockets.tls.v3.Secret": "SDS",
    "istio.networking.nds.v1.NameTable": "NDS",
}
_ORDER = {name: position for position, name in enumerate(_SHORT_NAMES.values())}


class TypeStatus(msgspec.Struct, frozen=True):
    """One type of one proxy. ``updated`` is in seconds since the epoch, None when nothing was sent."""

    name: str
    status: str
    updated: float | None
    error: str = ""


class ProxyStatus(msgspec.Struct, frozen=True):
    """One connected proxy, as one control plane pod sees it."""

    name: str
    cluster: str
    istiod: str
    version: str
    types: tuple[TypeStatus, ...]


def proxies_of(answer: Any) -> tuple[ProxyStatus, ...]:
    """The proxies in a control plane pod's ``DiscoveryResponse`` of type ``istio.io/debug/syncz``."""
    istiod = _istiod_of(answer.control_plane.identifier)
    message = pb("envoy.service.status.v3.ClientConfig")
    return tuple(proxy_status_of(message.FromString(entry.value), istiod) for entry in answer.resources)


def proxy_status_of(config: Any, istiod: str) -> ProxyStatus:
    """The status in a ``ClientConfig`` that the pod ``istiod`` sent."""
    metadata = {key: value.string_value for key, value in config.node.metadata.fields.items()}
    types = (_type_status(entry) for entry in config.generic_xds_configs)
    return ProxyStatus(
        name=_with_namespace(config.node.id, metadata.get("NAMESPACE", "")),
        cluster=metadata.get("CLUSTER_ID", ""),
        istiod=istiod,
        version=metadata.get("ISTIO_VERSION", ""),
        types=tuple(sorted(types, key=lambda entry: (_ORDER.get(entry.name, len(_ORDER)), entry.name))),
    )


def short_table(proxies: Iterable[ProxyStatus]) -> Table:
    """One line per proxy, with the types that it subscribed to."""
    return Table(SHORT_HEADER, tuple(_short_row(proxy) for proxy in _sorted(proxies)))


def long_table(proxies: Iterable[ProxyStatus], now: float) -> Table:
    """One line per proxy, with the state of each type. ``now`` is in seconds since the epoch."""
    return Table(LONG_HEADER, tuple(_long_row(proxy, now) for proxy in _sorted(proxies)))


def _short_row(proxy: ProxyStatus) -> tuple[str, ...]:
    names = [entry.name for entry in proxy.types]
    cell = f"{len(names)} ({','.join(names)})" if names else "0"
    return proxy.name, proxy.cluster, proxy.istiod, proxy.version, cell


def _long_row(proxy: ProxyStatus, now: float) -> tuple[str, ...]:
    by_name = {entry.name: entry for entry in proxy.types}
    cells = tuple(_cell(by_name, name, now) for name in LONG_HEADER[2:7])
    return proxy.name, proxy.cluster, *cells, proxy.istiod, proxy.version


def _cell(by_name: Mapping[str, TypeStatus], name: str, now: float) -> str:
    entry = by_name.get(name)
    if entry is None:
        return "IGNORED"
    if entry.status == "NOT_SENT":
        return "NOT SENT"
    age = f" ({human_duration(now - entry.updated)})" if entry.updated is not None else ""
    return entry.status + age


def _sorted(proxies: Iterable[ProxyStatus]) -> list[ProxyStatus]:
    return sorted(proxies, key=lambda proxy: (proxy.name, proxy.istiod))


def _type_status(entry: Any) -> TypeStatus:
    full_name = entry.type_url.rpartition("/")[2]
    status = entry.DESCRIPTOR.fields_by_name["config_status"].enum_type.values_by_number[entry.config_status].name
    updated = entry.last_updated.ToNanoseconds() / 1e9 if entry.HasField("last_updated") else None
    return TypeStatus(_SHORT_NAMES.get(full_name, full_name), status, updated, entry.error_state.details)


def _istiod_of(identifier: str) -> str:
    """The pod's name in the JSON by which a control plane identifies itself."""
    try:
        return str(msgspec.json.decode(identifier).get("ID", ""))
    except (msgspec.DecodeError, AttributeError):
        return identifier


def _with_namespace(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{name}.{namespace}"
