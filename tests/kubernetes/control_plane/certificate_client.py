"""What an agent does at port 15012 before it has a certificate, and the TLS that it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from isthmus.ca.service import METHOD
from isthmus.protos import pb


def authorized(token: str, cluster: str = "cluster1") -> tuple[tuple[str, str], ...]:
    """The headers of Istio's agents."""
    return (("authorization", f"Bearer {token}"), ("clusterid", cluster))


@dataclass(frozen=True, slots=True)
class Agent:
    """A private key, and a request for a certificate with one name."""

    key: ec.EllipticCurvePrivateKey
    csr: str

    @classmethod
    def of(cls, uri: str) -> Agent:
        """Of a workload with this SPIFFE id."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
        request = (
            x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=True)
        )
        return cls(key, request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())

    async def certify(self, channel: grpc.aio.Channel, token: str, cluster: str = "cluster1") -> list[str]:
        """The certificate chain: leaf, the CA's chain, the roots."""
        request = pb("istio.v1.auth.IstioCertificateRequest")(csr=self.csr, validity_duration=3600)
        call: Any = channel.unary_unary(METHOD)
        answer = await call(request.SerializeToString(), metadata=authorized(token, cluster), timeout=10)
        return list(pb("istio.v1.auth.IstioCertificateResponse").FromString(answer).cert_chain)

    def credentials(self, roots: bytes, chain: list[str]) -> grpc.ChannelCredentials:
        """mTLS with the certificate."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return grpc.ssl_channel_credentials(roots, private, "".join(chain[:-1]).encode())
