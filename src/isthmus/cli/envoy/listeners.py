"""``proxy-config listeners``: where Envoy takes connections and where they lead."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.cli.columns import Table
from isthmus.cli.envoy.dump import Json, bare, host_of, joined, section, socket_port
from isthmus.cli.envoy.filter_chains import chain_words, is_http, is_tcp

HEADER = ("ADDRESSES", "PORT", "MATCH", "DESTINATION")
BRIEF_HEADER = ("ADDRESSES", "PORT", "TYPE")
_PADDING = 1  # this table of ``istioctl`` is narrower than the others


class ListenerFilter(msgspec.Struct, frozen=True):
    """Which listeners; empty and 0 match all. ``kind`` is HTTP or TCP."""

    address: str = ""
    port: int = 0
    kind: str = ""


def listeners(dump: Json, wanted: ListenerFilter) -> list[dict[str, Any]]:
    """The listeners of a dump that match, by port, address and type."""
    part = section(dump, "ListenersConfigDump")
    dynamic = (entry.get("active_state") or {} for entry in part.get("dynamic_listeners", ()))
    entries = (*part.get("static_listeners", ()), *dynamic)
    found = [bare(entry["listener"]) for entry in entries if "listener" in entry]
    return sorted((entry for entry in found if _matches(entry, wanted)), key=_order)


def table(found: list[dict[str, Any]]) -> Table:
    """One row per filter chain."""
    rows = (
        (joined(addresses(listener)), str(port_of(listener)), words.match, words.destination)
        for listener in found
        for words in sorted(chain_words(listener), key=lambda words: words.destination, reverse=True)
    )
    return Table(HEADER, tuple(rows), _PADDING)


def brief_table(found: list[dict[str, Any]]) -> Table:
    """One row per listener, with what it speaks."""
    rows = ((joined(addresses(listener)), str(port_of(listener)), type_of(listener)) for listener in found)
    return Table(BRIEF_HEADER, tuple(rows), _PADDING)


def addresses(listener: Json) -> list[str]:
    """All addresses: the main one and any additional ones."""
    extra = (entry.get("address", {}) for entry in listener.get("additional_addresses", ()))
    return [host_of(address) for address in (listener.get("address", {}), *extra) if host_of(address)]


def port_of(listener: Json) -> int:
    """The listener's port; 0 for internal listeners."""
    return socket_port(listener.get("address", {}))


def type_of(listener: Json) -> str:
    """``HTTP``, ``TCP``, ``HTTP+TCP``, or ``UNKNOWN``."""
    kinds = [name for name, found in (("HTTP", is_http(listener)), ("TCP", is_tcp(listener))) if found]
    return "+".join(kinds) or "UNKNOWN"


def _matches(listener: Json, wanted: ListenerFilter) -> bool:
    return (
        (not wanted.address or wanted.address.lower() in [text.lower() for text in addresses(listener)])
        and wanted.port in (0, port_of(listener))
        and (not wanted.kind or wanted.kind.upper() in type_of(listener).split("+"))
    )


def _order(listener: Json) -> tuple[int, str, str]:
    return port_of(listener), joined(addresses(listener)), type_of(listener)
