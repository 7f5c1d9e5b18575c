"""The name table that DNS answers come from, ``istio.networking.nds.v1.NameTable``.

Knows: its field numbers. Does not know how names are resolved.
"""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.agent.messages import wire

NAME_TABLE_TYPE = "type.googleapis.com/istio.networking.nds.v1.NameTable"


@dataclass(frozen=True, slots=True)
class NameInfo:
    """What the control plane says of one host: its addresses and where it comes from."""

    ips: tuple[str, ...] = ()
    registry: str = ""
    short_name: str = ""
    namespace: str = ""
    alternatives: tuple[str, ...] = ()


def decode_name_table(encoded: bytes) -> dict[str, NameInfo]:
    """Hosts (no trailing dot) and their information; WireError when the bytes are no message."""
    entries = (wire.grouped(entry) for entry in wire.all_messages(wire.grouped(encoded), 1))
    return {wire.last_text(entry, 1): _info(wire.last_message(entry, 2)) for entry in entries}


def _info(encoded: bytes) -> NameInfo:
    groups = wire.grouped(encoded)
    return NameInfo(
        ips=wire.all_texts(groups, 1),
        registry=wire.last_text(groups, 2),
        short_name=wire.last_text(groups, 3),
        namespace=wire.last_text(groups, 4),
        alternatives=wire.all_texts(groups, 5),
    )
