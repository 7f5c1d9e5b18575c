"""The sections of ``/config_dump``, and names that Istio gives to resources.

Knows where each kind of resource stands in a dump. Does not know tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def section(dump: Json, message: str) -> Json:
    """The part of a dump with this message name (``ClustersConfigDump``); empty when it is missing."""
    suffix = f".{message}"
    return next((part for part in dump.get("configs", ()) if str(part.get("@type", "")).endswith(suffix)), {})


def sections(dump: Json, message: str) -> Iterator[Json]:
    """All parts with this message name: Envoy repeats some."""
    suffix = f".{message}"
    return (part for part in dump.get("configs", ()) if str(part.get("@type", "")).endswith(suffix))


def bare(resource: Json) -> dict[str, Any]:
    """A resource without the type URL that only its wrapper needs."""
    return {key: value for key, value in resource.items() if key != "@type"}


class ClusterName:
    """``DIRECTION|PORT|SUBSET|FQDN`` taken apart; of other names only ``fqdn`` is set, to the whole name."""

    __slots__ = ("direction", "fqdn", "port", "subset")

    def __init__(self, name: str) -> None:
        parts = name.split("|")
        named = len(parts) > 3
        self.direction = parts[0] if named else ""
        self.port = int(parts[1]) if named and parts[1].isdigit() else 0
        self.subset = parts[2] if named else ""
        self.fqdn = parts[3] if named else name


def managed_by(resource: Json) -> str:
    """The Istio object that shaped a resource, as ``name.namespace``; empty when none did.

    Istio notes it in the metadata under ``istio.config`` as
    ``/apis/GROUP/VERSION/namespaces/NAMESPACE/KIND/NAME``.
    """
    metadata = resource.get("metadata", {}).get("filter_metadata", {}).get("istio", {})
    parts = str(metadata.get("config", "")).split("/")
    return f"{parts[7]}.{parts[5]}" if len(parts) == 8 else ""


def socket_port(address: Json) -> int:
    """The port of an Envoy address; 0 for pipes and internal addresses."""
    return int(address.get("socket_address", {}).get("port_value", 0))


def host_of(address: Json) -> str:
    """The host of an Envoy address; empty for pipes and internal addresses."""
    return str(address.get("socket_address", {}).get("address", ""))


def joined(words: Iterable[object], separator: str = ",") -> str:
    """The words with a separator between them."""
    return separator.join(str(word) for word in words)
