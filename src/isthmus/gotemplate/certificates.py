"""Keys and certificates for Sprig's gen… functions.

Knows X.509 as far as charts need. Is not the mesh's certificate authority.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from isthmus.gotemplate.errors import FunctionError

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Subject:
    """What a certificate is to say."""

    common_name: str
    addresses: tuple[str, ...]
    dns_names: tuple[str, ...]
    days: int
    is_authority: bool


def private_key(algorithm: str) -> str:
    """A new private key in PEM. Raises FunctionError for an unknown algorithm."""
    return _key_pem(_new_key(algorithm))


def _new_key(algorithm: str) -> PrivateKey:
    match algorithm:
        case "" | "rsa":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case "ecdsa":
            return ec.generate_private_key(ec.SECP256R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
    raise FunctionError(f"Unknown type {algorithm}")


def _key_pem(key: PrivateKey) -> str:
    is_edwards = isinstance(key, ed25519.Ed25519PrivateKey)
    form = serialization.PrivateFormat.PKCS8 if is_edwards else serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def issue(subject: Subject, issuer: Mapping[str, str] | None) -> Mapping[str, str]:
    """A new key and certificate in PEM under Key and Cert; self-signed without `issuer`."""
    key = _new_key("rsa")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name)])
    signer, signer_name = key, name
    if issuer is not None:
        signer, signer_name = _signer(issuer)
    certificate = _builder(subject, name).issuer_name(signer_name).public_key(key.public_key())
    signed = certificate.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return {"Cert": signed.public_bytes(serialization.Encoding.PEM).decode(), "Key": _key_pem(key)}


def _signer(issuer: Mapping[str, str]) -> tuple[PrivateKey, x509.Name]:
    try:
        key = serialization.load_pem_private_key(issuer["Key"].encode(), None)
        certificate = x509.load_pem_x509_certificate(issuer["Cert"].encode())
    except (KeyError, ValueError) as problem:
        raise FunctionError(f"unable to decode the issuer's certificate or key: {problem}") from None
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey)
    return key, certificate.subject


def _builder(subject: Subject, name: x509.Name) -> x509.CertificateBuilder:
    start = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=subject.days))
        .add_extension(x509.BasicConstraints(subject.is_authority, None), critical=True)
        .add_extension(_key_usage(is_authority=subject.is_authority), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
    )
    alternatives = _alternatives(subject)
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder


def _alternatives(subject: Subject) -> list[x509.GeneralName]:
    try:
        addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in subject.addresses]
    except ValueError as problem:
        raise FunctionError(f"error parsing ip: {problem}") from None
    return [*addresses, *(x509.DNSName(name) for name in subject.dns_names)]


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_encipherment=True, key_cert_sign=is_authority, content_commitment=False,
        data_encipherment=False, key_agreement=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
