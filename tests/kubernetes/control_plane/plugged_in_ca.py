"""A root and its intermediates, as an operator makes them with openssl, and the files of ``cacerts``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


class Root:
    """A root for several clusters."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _certificate("root", self._key.public_key(), _name("root"), self._key, depth=1)

    @property
    def pem(self) -> bytes:
        """Its certificate."""
        return self._certificate.public_bytes(PEM)

    def write_intermediate(self, name: str, directory: Path) -> bytes:
        """A new intermediate into a directory, as the four files; gives its certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key.public_key(), _name("root"), self._key, depth=0).public_bytes(PEM)
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        directory.mkdir(exist_ok=True)
        (directory / "root-cert.pem").write_bytes(self.pem)
        (directory / "cert-chain.pem").write_bytes(certificate + self.pem)
        (directory / "ca-key.pem").write_bytes(private)
        (directory / "ca-cert.pem").write_bytes(certificate)
        return certificate

    def write_serving(self, host: str, directory: Path, *, weak: bool = False) -> bytes:
        """A new serving certificate into a directory, as Secrets of type kubernetes.io/tls hold it; gives it."""
        key = rsa.generate_private_key(65537, 1024) if weak else ec.generate_private_key(ec.SECP256R1())
        san = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = _builder(host, key.public_key(), _name("root")).add_extension(san, critical=False)
        pem = certificate.sign(self._key, hashes.SHA256()).public_bytes(PEM)
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "ca.crt").write_bytes(self.pem)
        (directory / "tls.key").write_bytes(private)
        (directory / "tls.crt").write_bytes(pem)
        return pem


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    name: str, public: ec.EllipticCurvePublicKey, issuer: x509.Name, signer: ec.EllipticCurvePrivateKey, *, depth: int
) -> x509.Certificate:
    return (
        _builder(name, public, issuer)
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .sign(signer, hashes.SHA256())
    )


def _builder(
    name: str, public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, issuer: x509.Name
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
