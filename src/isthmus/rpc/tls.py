"""The server's side of TLS: certificates that change under running listeners.

Knows ssl contexts. Does not know where certificates come from.
"""

from __future__ import annotations

import os
import ssl


class ServerTls:
    """One ssl context for listeners; every handshake uses the newest certificate and roots.

    A context cannot forget a root, so each ``load`` makes a new one, and the listener's context hands every
    handshake over to it. Live connections keep what they started with.
    """

    def __init__(self, protocols: tuple[str, ...] = ("h2",)) -> None:
        self._protocols = protocols
        self._current: ssl.SSLContext | None = None
        self.context = self._context()
        self.context.sni_callback = self._choose

    def load(self, chain: bytes, key: bytes, client_roots: bytes = b"") -> None:
        """Takes a certificate chain (leaf first), its key, and the roots of client certificates; all PEM.

        With roots a client may offer a certificate and need not; without, none is asked for.
        ``ssl.SSLError`` when they do not fit; then the former ones stay.
        """
        context = self._context()
        load_key_pair(context, chain, key)
        if client_roots:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(cadata=client_roots.decode("ascii"))
        self.context.verify_mode = context.verify_mode
        self._current = context

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(list(self._protocols))
        context.options |= ssl.OP_NO_TICKET  # a resumed session would bring back a certificate unchecked
        context.num_tickets = 0
        return context

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> int | None:
        if self._current is None:
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        connection.context = self._current
        return None


def load_key_pair(context: ssl.SSLContext, chain: bytes, key: bytes) -> None:
    """Loads a chain and key that are in memory: ssl reads files only, so they pass through an anonymous one."""
    descriptor = os.memfd_create("key-pair", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, key + b"\n" + chain)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
