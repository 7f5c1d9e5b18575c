"""Messages of the certificate service, ``istio.v1.auth.IstioCertificateService``.

Knows: field numbers of Istio's ``security/v1alpha1`` API. Does not know keys, tokens or connections.
"""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.agent.messages import wire
from isthmus.agent.messages.structure import encode_struct

CREATE_CERTIFICATE = "/istio.v1.auth.IstioCertificateService/CreateCertificate"


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A request to sign: PEM, requested lifetime in seconds, name of a signer (may be empty)."""

    csr: str
    validity_seconds: int
    cert_signer: str = ""

    def encode(self) -> bytes:
        """The message on the wire. The signer is always named, even when empty, as Istio's agent does."""
        metadata = encode_struct({"CertSigner": self.cert_signer})
        return wire.text(1, self.csr) + wire.integer(3, self.validity_seconds) + wire.message(4, metadata)


@dataclass(frozen=True, slots=True)
class CertificateResponse:
    """The signed chain: leaf, intermediates, and as its last element the whole bundle of roots."""

    cert_chain: tuple[str, ...]

    @classmethod
    def decode(cls, encoded: bytes) -> CertificateResponse:
        """From the wire; WireError when the bytes are no message."""
        return cls(wire.all_texts(wire.grouped(encoded), 1))
