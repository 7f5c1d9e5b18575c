"""``proxy-config secret`` from hand-written dumps."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from isthmus.cli.envoy.secrets import rows, table

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def certificate(serial: int, days: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, START, START + timedelta(days=days))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def inline(*pem: bytes) -> dict[str, str]:
    return {"inline_bytes": base64.b64encode(b"".join(pem)).decode()}


def dump(active: list[dict[str, Any]], warming: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "configs": [
            {
                "@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump",
                "dynamic_active_secrets": active,
                "dynamic_warming_secrets": warming,
            }
        ]
    }


def test_a_chain_shows_its_leaf_and_a_bundle_every_root() -> None:
    leaf, intermediate, one, two = (certificate(serial, days) for serial, days in ((171, 1), (2, 9), (3, 9), (4, 9)))
    found = dump(
        [
            {"name": "default", "secret": {"tls_certificate": {"certificate_chain": inline(leaf, intermediate)}}},
            {"name": "ROOTCA", "secret": {"validation_context": {"trusted_ca": inline(one, two)}}},
        ],
        [{"name": "token", "secret": {"generic_secret": {}}}, {"name": "kubernetes://cred", "secret": {}}],
    )
    assert table(rows(found, START + timedelta(days=2))).rows == (
        ("default", "Cert Chain", "ACTIVE", "false", "ab", "2026-01-03T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("ROOTCA", "CA", "ACTIVE", "true", "3", "2026-01-11T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("ROOTCA", "CA", "ACTIVE", "true", "4", "2026-01-11T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("token", "Generic", "WARMING", "", "", "", ""),
        ("kubernetes://cred", "", "WARMING", "", "", "", ""),
    )


def test_a_certificate_that_does_not_parse_is_shown_as_not_valid() -> None:
    found = dump([{"name": "bad", "secret": {"validation_context": {"trusted_ca": {"inline_bytes": "!"}}}}], [])
    assert table(rows(found, START)).rows == (("bad", "CA", "ACTIVE", "false", "", "", ""),)
