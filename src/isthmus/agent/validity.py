"""When a certificate is valid: just enough of X.509 to find two dates.

Knows: PEM armour and the outer DER structure of a certificate (RFC 5280, section 4.1).
Does not verify anything: Envoy and the peers do. Exists so that the long-lived process does without the
cryptography library (see ``workload_identity``).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0


class CertificateError(ValueError):
    """The bytes are not a certificate."""


@dataclass(frozen=True, slots=True)
class Validity:
    """First and last second of validity, in seconds since 1970."""

    not_before: float
    not_after: float


def split_pem(bundle: bytes) -> tuple[bytes, ...]:
    """Each certificate of a bundle as PEM with a final newline, without duplicates, in order."""
    blocks = (match.group(0) + b"\n" for match in _CERTIFICATE.finditer(bundle.replace(b"\r", b"")))
    return tuple(dict.fromkeys(blocks))


def validity(pem: bytes) -> Validity:
    """The validity of the first certificate of a bundle; CertificateError when there is none."""
    armoured = _CERTIFICATE.search(pem)
    if armoured is None:
        raise CertificateError("no PEM certificate")
    try:
        return _validity(base64.b64decode(armoured.group(1)))
    except (ValueError, IndexError) as error:
        raise CertificateError(f"malformed certificate: {error}") from None


def _validity(der: bytes) -> Validity:
    _, certificate, _ = _element(der, 0)
    _, body, _ = _element(certificate, 0)
    tag, _, offset = _element(body, 0)
    fields_before = 3 if tag == _VERSION else 2  # serial number, signature algorithm, issuer
    for _ in range(fields_before):
        _, _, offset = _element(body, offset)
    tag, dates, _ = _element(body, offset)
    if tag != _SEQUENCE:
        raise ValueError("no validity where it belongs")
    first_tag, first, offset = _element(dates, 0)
    last_tag, last, _ = _element(dates, offset)
    return Validity(_time(first_tag, first), _time(last_tag, last))


def _element(der: bytes, offset: int) -> tuple[int, bytes, int]:
    """Tag, content, and the offset after the element at an offset."""
    tag, length, start = der[offset], der[offset + 1], offset + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[start : start + size], "big"), start + size
    if start + length > len(der):
        raise ValueError("an element ends after the data")
    return tag, der[start : start + length], start + length


def _time(tag: int, content: bytes) -> float:
    text = content.decode("ascii")
    if tag == _UTC_TIME:  # two-digit years: 50 and later are the 20th century
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("no time where it belongs")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
