"""TLS settings of a Gateway's server that Envoy's TLS library takes."""

from __future__ import annotations

import re

import msgspec

from isthmus.api.tls import ServerTlsSettings
from isthmus.translate.validity.notes import Notes

_SPKI = re.compile(r"[A-Za-z0-9+/]{43}=")
_HASH = re.compile(r"[0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}")
_ORDER = ("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")
CIPHERS = frozenset(
    {
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
        "ECDHE-PSK-AES128-CBC-SHA", "ECDHE-PSK-AES256-CBC-SHA", "ECDHE-PSK-CHACHA20-POLY1305",
        "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA", "PSK-AES128-CBC-SHA",
        "PSK-AES256-CBC-SHA", "DES-CBC3-SHA",
    }
)  # fmt: skip
"""Cipher suites that Istio's validation knows."""


def usable_tls(settings: ServerTlsSettings, notes: Notes) -> ServerTlsSettings | None:
    """The settings without unknown cipher suites; None when what is left would be weaker than what was asked for."""
    pins = (*notes.each("verifyCertificateSpki", settings.verify_certificate_spki),)
    hashes = (*notes.each("verifyCertificateHash", settings.verify_certificate_hash),)
    bad = [at for at, pin in pins if not _SPKI.fullmatch(pin)] + [at for at, one in hashes if not _HASH.fullmatch(one)]
    for at in bad:
        at.error("the server is left out: write the SHA-256 of a key in base64, of a certificate in hexadecimal")
    if bad or not _in_order(settings, notes):
        return None
    suites = notes.each("cipherSuites", settings.cipher_suites)
    return msgspec.structs.replace(settings, cipher_suites=tuple(one for at, one in suites if _known(one, at)))


def _in_order(settings: ServerTlsSettings, notes: Notes) -> bool:
    lowest = _ORDER.index(settings.min_protocol_version) or _ORDER.index("TLSV1_2")
    highest = _ORDER.index(settings.max_protocol_version) or _ORDER.index("TLSV1_3")
    if lowest > highest:
        notes.at("maxProtocolVersion").error("the server is left out: the highest version is below the lowest")
    return lowest <= highest


def _known(suite: str, notes: Notes) -> bool:
    if suite in CIPHERS:
        return True
    notes.error(f"the cipher suite is left out: {suite!r} is not known")
    return False
