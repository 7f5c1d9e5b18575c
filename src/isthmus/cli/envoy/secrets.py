"""``proxy-config secret``: the certificates and roots that a proxy has now."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from cryptography import x509

from isthmus.cli.columns import Table
from isthmus.cli.envoy.dump import Json, sections

HEADER = ("RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE")

_GROUPS = (
    ("dynamic_active_secrets", "ACTIVE"),
    ("dynamic_warming_secrets", "WARMING"),
    ("static_secrets", "ACTIVE"),
)


class SecretRow(msgspec.Struct, frozen=True):
    """One certificate of a secret, or a secret without one: then texts are empty and ``valid`` is None."""

    name: str
    kind: str
    state: str
    valid: bool | None
    serial: str = ""
    not_after: str = ""
    not_before: str = ""


def secrets(dump: Json) -> dict[str, list[Any]]:
    """The secrets of a dump by their state, as Envoy gives them; private keys are redacted by Envoy."""
    parts = tuple(sections(dump, "SecretsConfigDump"))
    found = {group: [entry for part in parts for entry in part.get(group, ())] for group, _ in _GROUPS}
    return {group: entries for group, entries in found.items() if entries}


def rows(dump: Json, now: datetime) -> tuple[SecretRow, ...]:
    """One row per certificate; ``now`` decides what is valid."""
    return tuple(
        row
        for part in sections(dump, "SecretsConfigDump")
        for group, state in _GROUPS
        for entry in part.get(group, ())
        for row in _secret_rows(entry, state, now)
    )


def table(found: tuple[SecretRow, ...]) -> Table:
    """One row per certificate."""
    return Table(
        HEADER,
        tuple(
            (row.name, row.kind, row.state, _word(row.valid), row.serial, row.not_after, row.not_before)
            for row in found
        ),
    )


def _secret_rows(entry: Json, state: str, now: datetime) -> Iterator[SecretRow]:
    name, secret = str(entry.get("name", "")), entry.get("secret", {})
    if "tls_certificate" in secret:
        source, kind = secret["tls_certificate"].get("certificate_chain", {}), "Cert Chain"
    elif "validation_context" in secret:
        source, kind = secret["validation_context"].get("trusted_ca", {}), "CA"
    else:
        yield SecretRow(name, "Generic" if "generic_secret" in secret else "", state, valid=None)
        return
    certificates = _certificates(source)
    # Of a chain the leaf is what the proxy shows; of a bundle every root counts.
    for certificate in certificates[:1] if kind == "Cert Chain" else certificates:
        yield _row(name, kind, state, certificate, now)
    if not certificates:
        yield SecretRow(name, kind, state, valid=False)


def _row(name: str, kind: str, state: str, certificate: x509.Certificate, now: datetime) -> SecretRow:
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return SecretRow(
        name, kind, state, first <= now <= last, f"{certificate.serial_number:x}", _time(last), _time(first)
    )


def _word(valid: bool | None) -> str:
    return "" if valid is None else str(valid).lower()


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _certificates(source: Json) -> list[x509.Certificate]:
    try:
        pem = (
            base64.b64decode(source.get("inline_bytes", ""), validate=True) or source.get("inline_string", "").encode()
        )
        return x509.load_pem_x509_certificates(pem) if pem else []
    except (ValueError, binascii.Error):
        return []
