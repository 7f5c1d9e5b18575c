"""Listening addresses as Go programs write them."""

from __future__ import annotations

from typing import NamedTuple


class Address(NamedTuple):
    """A host (empty: all interfaces, IPv4 and IPv6) and a port (0: any free one)."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address | None:
        """From ``host:port``, ``:port`` or ``[v6]:port``; None for an empty text (not served)."""
        if not text:
            return None
        host, separator, port = text.rpartition(":")
        if not separator or not port.isdigit() or int(port) > 65535:
            raise ValueError(f"{text!r} is not host:port or :port")
        return cls(host.strip("[]"), int(port))
