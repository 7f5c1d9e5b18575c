"""The CA that makes itself when nobody plugged one in, and the Secret that it lives in.

Knows Istio's ``istio-ca-secret`` (security/pkg/pki/ca/ca.go, selfsignedcarootcertrotator.go). Does not know
Kubernetes' API: Secrets come and go as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from isthmus.ca.bundle import CA_CERT, CA_KEY, CERT_CHAIN, ROOT_CERT, Bundle, SigningKey, load_bundle, pem
from isthmus.ca.signing import BACKDATE

SECRET = "istio-ca-secret"  # noqa: S105 - a name
SECRET_TYPE = "istio.io/ca-root"  # noqa: S105 - a type
_RSA_BITS = 2048

_USAGE = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    key_encipherment=False,
    content_commitment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class RootProfile(msgspec.Struct, frozen=True):
    """What a self-made root says: its organisation is the trust domain; lifetime in seconds.

    A root is signed again when less than ``grace_percent`` of its lifetime is left.
    """

    organization: str = "cluster.local"
    lifetime: float = 3650 * 24 * 3600.0
    grace_percent: int = 20


def create_root(profile: RootProfile, now: datetime) -> Bundle:
    """A new root with an RSA key."""
    return _self_sign(rsa.generate_private_key(65537, _RSA_BITS), profile, now)


def renew_root(bundle: Bundle, profile: RootProfile, now: datetime) -> Bundle:
    """A new certificate for the same key: what was signed with it stays valid under both."""
    return _self_sign(bundle.key, profile, now)


def needs_renewal(bundle: Bundle, profile: RootProfile, now: datetime) -> bool:
    """Whether the root is in the last part of its life."""
    whole = bundle.certificate.not_valid_after_utc - bundle.certificate.not_valid_before_utc
    return now > bundle.certificate.not_valid_after_utc - whole * (profile.grace_percent / 100)


def to_secret(bundle: Bundle) -> Mapping[str, bytes]:
    """The Secret's data. ``cert-chain.pem`` and ``key.pem`` are there and empty, as Istio writes them."""
    return {
        CA_CERT: pem(bundle.certificate),
        CA_KEY: private_pem(bundle.key),
        CERT_CHAIN: b"",
        "key.pem": b"",
        ROOT_CERT: pem(bundle.certificate),
    }


def from_secret(data: Mapping[str, bytes], now: datetime) -> Bundle | None:
    """The bundle of such a Secret, None when there is none in it; ``BundleError`` when it is damaged.

    Secrets of older releases lack ``root-cert.pem``: the CA certificate is the root.
    """
    certificate = data.get(CA_CERT, b"")
    root = data.get(ROOT_CERT) or certificate
    bundle = load_bundle(
        {CA_CERT: certificate, CA_KEY: data.get(CA_KEY, b""), ROOT_CERT: root, CERT_CHAIN: certificate}, now
    )
    return bundle and Bundle(bundle.certificate, bundle.key, (), bundle.roots)


def private_pem(key: SigningKey) -> bytes:
    """PKCS#8 without encryption."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _self_sign(key: SigningKey, profile: RootProfile, now: datetime) -> Bundle:
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, profile.organization)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + timedelta(seconds=profile.lifetime))
        .add_extension(_USAGE, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    return Bundle(certificate, key, (), pem(certificate))
