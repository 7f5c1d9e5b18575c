"""Envoy's ``Secret``: a key with its certificate chain, or a bundle of roots.

Knows: field numbers of ``envoy.extensions.transport_sockets.tls.v3``. Does not check certificates.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from isthmus.agent.messages import wire

SECRET_TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 -- a type's name


@dataclass(frozen=True, slots=True)
class KeyPair:
    """PEM of a certificate chain (leaf first) and of its private key, which never shows in a ``repr``."""

    chain: bytes
    key: bytes = field(repr=False)

    def encode(self, name: str) -> bytes:
        """The Secret of this name."""
        certificate = wire.message(1, _inline(self.chain)) + wire.message(2, _inline(self.key))
        return wire.text(1, name) + wire.message(2, certificate)


@dataclass(frozen=True, slots=True)
class TrustBundle:
    """PEM of one or more root certificates."""

    roots: bytes

    def encode(self, name: str) -> bytes:
        """The Secret of this name."""
        return wire.text(1, name) + wire.message(4, wire.message(1, _inline(self.roots)))


Secret = KeyPair | TrustBundle


def _inline(pem: bytes) -> bytes:
    return wire.message(2, pem)
