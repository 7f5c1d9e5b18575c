"""Certificates and keys of made-up authorities, and requests to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)])


def key_pem(key: Any) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass
class Authority:
    """A CA, signed by itself or by another one."""

    title: str
    issuer: Authority | None = None
    start: datetime = NOW - DAY
    end: datetime = NOW + 365 * DAY
    ca: bool = True
    path_length: int | None = None
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        issuer = self.issuer
        subject = name(self.title)
        constraints = x509.BasicConstraints(ca=self.ca, path_length=self.path_length)
        self.certificate = (
            x509.CertificateBuilder(
                issuer.certificate.subject if issuer else subject,
                subject,
                self.key.public_key(),
                x509.random_serial_number(),
                self.start,
                self.end,
            )
            .add_extension(constraints, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(issuer.key if issuer else self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def crl(self) -> bytes:
        builder = x509.CertificateRevocationListBuilder(self.certificate.subject, self.start, self.end)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def istio_files(intermediate: Authority, root: Authority) -> dict[str, bytes]:
    """As ``make -f Makefile.selfsigned.mk`` writes them."""
    return {
        "ca-cert.pem": intermediate.pem,
        "ca-key.pem": key_pem(intermediate.key),
        "root-cert.pem": root.pem,
        "cert-chain.pem": intermediate.pem + root.pem,
    }


def csr(*uris: str, common_name: str = "", key: Any = None) -> str:
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if uris:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris])
        builder = builder.add_extension(names, critical=True)
    request = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()
