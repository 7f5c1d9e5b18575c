"""Certificate revocation lists of a bundle.

Knows PEM and signatures of CRLs. Does not know who uses them: proxies do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from isthmus.ca.chain import describe
from isthmus.ca.errors import BundleError

_BLOCK = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


def check_revocation_lists(file: str, content: bytes, authorities: Iterable[x509.Certificate]) -> None:
    """``BundleError`` unless there is a list signed by each of the authorities."""
    lists = _load(file, content)
    for authority in authorities:
        if not any(_issued(entry, authority) for entry in lists):
            raise BundleError(
                file,
                f"has no revocation list of {describe(authority)}",
                "add one for every CA of the chain (an empty one will do), or remove the file",
            )


def _load(file: str, content: bytes) -> list[x509.CertificateRevocationList]:
    try:
        lists = [x509.load_pem_x509_crl(block) for block in _BLOCK.findall(content)]
    except ValueError as error:
        raise BundleError(
            file, f"not a PEM revocation list ({error})", "write it as -----BEGIN X509 CRL-----"
        ) from None
    if not lists:
        raise BundleError(file, "holds no revocation list", "write it as -----BEGIN X509 CRL-----, or remove the file")
    return lists


def _issued(entry: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        return entry.issuer == authority.subject and entry.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, TypeError):
        return False
