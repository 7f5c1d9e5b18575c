"""Whether the content of a Secret can serve as a certificate; what cannot must not reach a proxy."""

from __future__ import annotations

from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key


@lru_cache(maxsize=1024)
def is_usable(certificate: bytes, private_key: bytes) -> bool:
    """Whether both are PEM and belong together."""
    try:
        chain = x509.load_pem_x509_certificates(certificate)
        key = load_pem_private_key(private_key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return bool(chain[0].public_key() == key.public_key())
