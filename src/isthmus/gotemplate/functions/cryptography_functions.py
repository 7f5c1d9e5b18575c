"""Sprig's digests, keys and certificates.

Knows what charts ask for; bcrypt and AES of Sprig are not offered and say so.
The cryptography library is imported when a key is first asked for.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.values import Record


def sha1(text: str) -> str:
    """Hexadecimal SHA-1."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def sha256(text: str) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha512(text: str) -> str:
    """Hexadecimal SHA-512."""
    return hashlib.sha512(text.encode()).hexdigest()


def adler32(text: str) -> str:
    """Decimal Adler-32."""
    return str(zlib.adler32(text.encode()))


def private_key(algorithm: str) -> str:
    """A new private key in PEM: rsa, ecdsa or ed25519."""
    from isthmus.gotemplate import certificates

    return certificates.private_key(algorithm)


def authority(name: str, days: int) -> Record:
    """A new certificate authority with the fields Cert and Key."""
    return _issued(name, ((), ()), days, None, is_authority=True)


def self_signed(name: str, addresses: Any, names: Any, days: int) -> Record:
    """A new server certificate signed by itself."""
    return _issued(name, (addresses, names), days, None, is_authority=False)


def signed(name: str, addresses: Any, names: Any, days: int, issuer: Any) -> Record:
    """A new server certificate signed by `issuer`, a record with Cert and Key."""
    return _issued(name, (addresses, names), days, issuer, is_authority=False)


def _issued(name: str, alternatives: tuple[Any, Any], days: int, issuer: Any, *, is_authority: bool) -> Record:
    from isthmus.gotemplate import certificates

    addresses, names = (tuple(values or ()) for values in alternatives)
    subject = certificates.Subject(name, _strings(addresses), _strings(names), days, is_authority)
    pair = certificates.issue(subject, dict(issuer.fields) if isinstance(issuer, Record) else issuer)
    return Record("sprig.certificate", pair)


def _strings(values: Sequence[Any]) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str):
            raise FunctionError(f"error parsing {value}: not a string")
    return tuple(values)


def custom_certificate(encoded_certificate: str, encoded_key: str) -> Record:
    """A record with Cert and Key from base64 PEM."""
    from isthmus.gotemplate.functions.encodings import from_base64

    return Record("sprig.certificate", {"Cert": from_base64(encoded_certificate), "Key": from_base64(encoded_key)})


def _unsupported(name: str) -> Callable[..., str]:
    def refuse(*_: Any) -> str:
        raise FunctionError(f"{name} is not supported: put the finished value into the chart's values instead")

    return refuse


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sha1sum": sha1,
    "sha256sum": sha256,
    "sha512sum": sha512,
    "adler32sum": adler32,
    "genPrivateKey": private_key,
    "genCA": authority,
    "genSelfSignedCert": self_signed,
    "genSignedCert": signed,
    "buildCustomCert": custom_certificate,
    **{name: _unsupported(name) for name in ("bcrypt", "htpasswd", "derivePassword", "encryptAES", "decryptAES")},
}
