"""The signing bundle: the CA's certificate and key, the chain above it, and the roots that everybody trusts.

Knows the files of Istio's ``cacerts`` Secret and of Kubernetes' TLS Secrets, and when they fit together. Does not
know where they are read from (``store``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from isthmus.ca.chain import ChainError, describe, is_authority, path_to_root
from isthmus.ca.errors import BundleError
from isthmus.ca.revocation import check_revocation_lists

CA_CERT = "ca-cert.pem"
CA_KEY = "ca-key.pem"
ROOT_CERT = "root-cert.pem"
CERT_CHAIN = "cert-chain.pem"
CA_CRL = "ca-crl.pem"
TLS_CERT = "tls.crt"
TLS_KEY = "tls.key"
TLS_CA = "ca.crt"

_ISTIO_FILES: tuple[str, ...] = (CA_CERT, CA_KEY, ROOT_CERT, CERT_CHAIN)
_TLS_FILES: tuple[str, ...] = (TLS_CERT, TLS_KEY, TLS_CA)

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified signing bundle. ``chain`` begins with the signing certificate or its issuer, as in the file."""

    certificate: x509.Certificate
    key: SigningKey
    chain: tuple[x509.Certificate, ...]
    roots: bytes  # PEM, one or more certificates
    crl: bytes = b""  # PEM, may be empty

    def __repr__(self) -> str:
        """Without the key."""
        return f"Bundle({describe(self.certificate)}, until {self.certificate.not_valid_after_utc:%Y-%m-%d})"

    @property
    def expiry(self) -> datetime:
        """When the first certificate of the chain ends."""
        return min(part.not_valid_after_utc for part in (self.certificate, *self.chain))

    @property
    def root_expiry(self) -> datetime:
        """When the first of the roots ends."""
        return min(root.not_valid_after_utc for root in x509.load_pem_x509_certificates(self.roots))

    def response(self, leaf: bytes) -> tuple[str, ...]:
        """The ``cert_chain`` of a certificate response: leaf, each certificate of the chain, the root bundle whole."""
        return (leaf.decode(), *(pem(part).decode() for part in self.chain), self.roots.decode())

    def chain_below(self, leaf: bytes) -> bytes:
        """A leaf with the chain, as a TLS server presents it."""
        return leaf + b"".join(pem(part) for part in self.chain)


def pem(certificate: x509.Certificate) -> bytes:
    """PEM with a trailing newline."""
    return certificate.public_bytes(Encoding.PEM)


def load_bundle(files: Mapping[str, bytes], now: datetime) -> Bundle | None:
    """The bundle in these files, None when none of them is there; ``BundleError`` when they do not fit together.

    ``tls.crt`` decides for the style of Kubernetes' TLS Secrets; then the chain is ``tls.crt`` and ``ca.crt``, and
    a CRL is not looked at (Istio: pilot/pkg/bootstrap/istio_ca.go).
    """
    if TLS_CERT in files:
        names, chain, crl = _TLS_FILES, files[TLS_CERT] + b"\n" + files.get(TLS_CA, b""), b""
    else:
        names, chain, crl = _ISTIO_FILES, files.get(CERT_CHAIN, b""), files.get(CA_CRL, b"")
    present = [name for name in names if files.get(name, b"").strip()]
    if not present:
        return None
    _check_complete(names, present)
    certificate_file, key_file, root_file = names[0], names[1], names[2]
    chain_file = TLS_CERT if names is _TLS_FILES else CERT_CHAIN
    bundle = Bundle(
        certificate=read_certificates(certificate_file, files)[0],
        key=read_key(key_file, files),
        chain=read_certificates(chain_file, {chain_file: chain}),
        roots=_text(root_file, files),
        crl=crl,
    )
    _verify(bundle, names, now)
    return bundle


def refuse_change(old: Bundle, new: Bundle, *, several_roots: bool) -> str:
    """Why a changed bundle must not replace the one in use, empty when it may.

    Workloads trust what they were given: an intermediate may change at any time, a root only when
    ISTIO_MULTIROOT_MESH is set and one bundle contains the other.
    """
    if old.roots.strip() == new.roots.strip():
        return ""
    before, after = (set(x509.load_pem_x509_certificates(bundle.roots)) for bundle in (old, new))
    if before == after:
        return ""
    if not several_roots:
        return (
            f"{ROOT_CERT} changed, and workloads trust the former root only; restore it, or set "
            "ISTIO_MULTIROOT_MESH=true and roll out a bundle with both roots first"
        )
    if not (before <= after or after <= before):
        return f"{ROOT_CERT} shares no continuity with the former one: one of the two must contain the other"
    return ""


def _check_complete(names: tuple[str, ...], present: list[str]) -> None:
    missing = [name for name in names if name not in present]
    if missing:
        raise BundleError(
            ", ".join(missing),
            f"missing: incomplete signing CA bundle, only {', '.join(present)} found",
            f"a CA bundle consists of {', '.join(names)}",
        )


def _verify(bundle: Bundle, names: tuple[str, ...], now: datetime) -> None:
    certificate_file, key_file, root_file = names[0], names[1], names[2]
    check_pair(bundle.certificate, certificate_file, bundle.key, key_file)
    if not is_authority(bundle.certificate):
        raise BundleError(
            certificate_file,
            f"{describe(bundle.certificate)} is not a CA certificate",
            "sign it with basicConstraints CA:TRUE and keyUsage keyCertSign",
        )
    roots = x509.load_pem_x509_certificates(bundle.roots)
    try:
        path_to_root(bundle.certificate, bundle.chain, roots, now)
    except ChainError as error:
        raise BundleError(
            certificate_file,
            f"does not lead to a certificate of {root_file}: {error}",
            f"check that {root_file} is the root that signed it, with all intermediates in the chain file",
        ) from None
    if bundle.crl:
        check_revocation_lists(CA_CRL, bundle.crl, {*bundle.chain, *roots, bundle.certificate})


def _text(file: str, files: Mapping[str, bytes]) -> bytes:
    read_certificates(file, files)
    return files[file].strip() + b"\n"


def read_certificates(file: str, files: Mapping[str, bytes]) -> tuple[x509.Certificate, ...]:
    """The PEM certificates of a file; ``BundleError`` when there are none."""
    try:
        return tuple(x509.load_pem_x509_certificates(files[file]))
    except ValueError as error:
        raise BundleError(file, f"not a PEM certificate ({error})", "write it as -----BEGIN CERTIFICATE-----") from None


def read_key(file: str, files: Mapping[str, bytes]) -> SigningKey:
    """The private key of a file; ``BundleError`` when it is none, encrypted, or of an unusual kind."""
    try:
        key = load_pem_private_key(files[file], password=None)
    except (ValueError, TypeError):
        raise BundleError(
            file, "not an unencrypted PEM private key", "write it as PKCS#8, PKCS#1 or SEC1 PEM"
        ) from None
    if not isinstance(key, SigningKey):
        raise BundleError(file, "neither an RSA, an EC nor an Ed25519 key", "make a key of one of these kinds")
    return key


def check_pair(certificate: x509.Certificate, certificate_file: str, key: SigningKey, key_file: str) -> None:
    """``BundleError`` unless the key is the certificate's."""
    if _public(key.public_key()) != _public(certificate.public_key()):
        raise BundleError(key_file, f"not the key of {certificate_file}", "put in the key that its CSR was made with")


def _public(key: object) -> bytes:
    result: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return result
