"""A certificate authority of the tests: a root that signs workloads and servers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


@dataclass
class Authority:
    """A root that signs workload certificates of a chosen lifetime."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    lifetime: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.name)])
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=2))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(PEM).decode()

    def sign(self, public_key: Any, names: list[x509.GeneralName], lifetime: timedelta | None = None) -> str:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            self.certificate.subject, x509.Name([]), public_key, x509.random_serial_number()
        )
        builder = builder.not_valid_before(now - timedelta(minutes=2))
        builder = builder.not_valid_after(now + (lifetime or self.lifetime))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(PEM).decode()

    def workload_files(self, identity: str) -> dict[str, str]:
        """Certificate, key and root of a workload, as files that are mounted into a pod."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        chain = self.sign(key.public_key(), [x509.UniformResourceIdentifier(identity)])
        return {"cert-chain.pem": chain, "key.pem": private, "root-cert.pem": self.pem}

    def server_chain(self, directory: Path) -> Path:
        """A file with certificate and key of a server on this machine."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        file = directory / f"{self.name}.pem"
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        file.write_text(self.sign(key.public_key(), names) + private)
        return file
