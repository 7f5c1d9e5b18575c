"""One root and an intermediate authority per cluster, in the files that the secret `cacerts` holds.

Knows X.509 and the four file names that Istio gave them. Does not know clusters.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

ORGANISATION = "Isthmus demo"
LIFETIME = datetime.timedelta(days=3650)
_BACKDATE = datetime.timedelta(minutes=5)
_KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate and its key, PEM."""

    certificate: bytes
    key: bytes


def ensure(directory: Path, clusters: Iterable[str]) -> dict[str, dict[str, bytes]]:
    """The content of `cacerts` for each cluster, by file name; made once and kept below `directory`.

    All clusters share one root. A run that was interrupted is completed by the next.
    """
    root = _kept(directory / "root", "Root CA", None)
    return {name: _files(root, _kept(directory / name, f"Intermediate CA of {name}", root)) for name in clusters}


def _kept(directory: Path, common_name: str, issuer: Authority | None) -> Authority:
    """The authority in `directory`, made when it is not there; the certificate is written last."""
    certificate, key = directory / "ca-cert.pem", directory / "ca-key.pem"
    if certificate.exists():
        return Authority(certificate.read_bytes(), key.read_bytes())
    made = _sign(common_name, issuer)
    directory.mkdir(parents=True, exist_ok=True)
    key.touch(0o600)
    key.write_bytes(made.key)
    certificate.write_bytes(made.certificate)
    return made


def _files(root: Authority, own: Authority) -> dict[str, bytes]:
    return {
        "ca-cert.pem": own.certificate,
        "ca-key.pem": own.key,
        "root-cert.pem": root.certificate,
        "cert-chain.pem": own.certificate + root.certificate,
    }


def _sign(common_name: str, issuer: Authority | None) -> Authority:
    """An authority of that common name; self-signed without an issuer, else one that signs leaves only."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    subject = _name(common_name)
    signer, issuer_name = _signer(issuer, key, subject)
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None if issuer is None else 0), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return Authority(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _signer(
    issuer: Authority | None, own: rsa.RSAPrivateKey, subject: x509.Name
) -> tuple[rsa.RSAPrivateKey, x509.Name]:
    if issuer is None:
        return own, subject
    key = serialization.load_pem_private_key(issuer.key, None)
    assert isinstance(key, rsa.RSAPrivateKey), "every key here is made by this module"
    return key, x509.load_pem_x509_certificate(issuer.certificate).subject


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
