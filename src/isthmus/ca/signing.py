"""Signing workload certificates: check the request, apply the leaf profile, sign.

Knows the profile (Istio: security/pkg/pki/util/generate_cert.go). Does not know who the caller is nor how that was
found out: identities are given, and the request's own names are never used.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from isthmus.ca.bundle import Bundle, pem
from isthmus.ca.errors import CsrError, NotReadyError, TtlError
from isthmus.model.identity import SpiffeId

BACKDATE = timedelta(minutes=2)  # for clocks that differ
_LONGEST_COMMON_NAME = 64

_USAGE = x509.KeyUsage(
    digital_signature=True,
    key_encipherment=True,
    content_commitment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
_EXTENDED_USAGE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


LeafKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class Lifetimes(msgspec.Struct, frozen=True):
    """Seconds (DEFAULT_WORKLOAD_CERT_TTL, MAX_WORKLOAD_CERT_TTL)."""

    default: float = 24 * 3600.0
    longest: float = 90 * 24 * 3600.0

    def choose(self, requested: float) -> timedelta:
        """The lifetime of a leaf: not asked for means the default; too long is an error, never cut (as in Istio)."""
        if requested <= 0:
            return timedelta(seconds=self.default)
        if requested > self.longest:
            raise TtlError(f"requested TTL {requested:.0f} s is greater than the max allowed TTL {self.longest:.0f} s")
        return timedelta(seconds=requested)


class Leaf(msgspec.Struct, frozen=True):
    """What a leaf certificate says."""

    public_key: LeafKey
    names: Sequence[x509.GeneralName]
    lifetime: timedelta
    common_name: str = ""


def sign_workload(
    csr: str, identities: Sequence[SpiffeId], lifetime: timedelta, bundle: Bundle, now: datetime
) -> bytes:
    """The PEM certificate of a workload with these identities; ``SigningError`` when it cannot be had."""
    request = _request(csr)
    _check_names(request, identities)
    uris = [str(identity) for identity in identities]
    common_name = uris[0] if _has_common_name(request) and len(uris[0]) <= _LONGEST_COMMON_NAME else ""
    key = request.public_key()
    if not isinstance(key, LeafKey):
        raise CsrError("CSR has a key that is neither RSA, EC nor Ed25519")
    names = [x509.UniformResourceIdentifier(uri) for uri in uris]
    return sign_leaf(Leaf(key, names, lifetime, common_name), bundle, now)


def sign_leaf(leaf: Leaf, bundle: Bundle, now: datetime) -> bytes:
    """A PEM certificate of the leaf profile; it never outlives the signing certificate."""
    signer = bundle.certificate
    if now >= signer.not_valid_after_utc:
        raise NotReadyError(f"the signing certificate expired on {signer.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
    common = [x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name)] if leaf.common_name else []
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(common))
        .issuer_name(signer.subject)
        .public_key(leaf.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(min(now + leaf.lifetime, signer.not_valid_after_utc))
        .add_extension(_USAGE, critical=True)
        .add_extension(_EXTENDED_USAGE, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(leaf.names), critical=True)
    )
    signer_id = _subject_key_identifier(signer)
    if signer_id:
        builder = builder.add_extension(signer_id, critical=False)
    return pem(builder.sign(bundle.key, hash_for(bundle)))


def hash_for(bundle: Bundle) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """The digest that goes with the signing key: as strong as its curve; None for Ed25519, which has its own."""
    key = bundle.key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size > 256:
        return hashes.SHA384() if key.curve.key_size <= 384 else hashes.SHA512()
    return hashes.SHA256()


def _request(csr: str) -> x509.CertificateSigningRequest:
    try:
        request = x509.load_pem_x509_csr(csr.encode())
        valid = request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        raise CsrError("CSR is not a PEM certificate request") from None
    if not valid:
        raise CsrError("CSR is not signed with its own key")
    return request


def _check_names(request: x509.CertificateSigningRequest, identities: Sequence[SpiffeId]) -> None:
    """Refuses a request for another workload's identity.

    Trust domains are not compared: agents take theirs from the environment, and get the mesh's.
    """
    if not identities:
        raise CsrError("the caller has no identity")
    owned = {(identity.namespace, identity.service_account) for identity in identities}
    for wanted in _spiffe_names(request):
        if (wanted.namespace, wanted.service_account) not in owned:
            raise CsrError(f"CSR asks for {wanted}, the caller is {', '.join(map(str, identities))}")


def _spiffe_names(request: x509.CertificateSigningRequest) -> list[SpiffeId]:
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    except ValueError:
        raise CsrError("CSR has malformed extensions") from None
    try:
        return [SpiffeId.parse(uri) for uri in names.get_values_for_type(x509.UniformResourceIdentifier)]
    except ValueError as error:
        raise CsrError(f"CSR has a name that no workload can have: {error}") from None


def _has_common_name(request: x509.CertificateSigningRequest) -> bool:
    return bool(request.subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def _subject_key_identifier(signer: x509.Certificate) -> x509.AuthorityKeyIdentifier | None:
    try:
        identifier = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return None
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
