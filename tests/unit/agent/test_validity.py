"""Finding a certificate's dates, against the cryptography library."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.agent.validity import CertificateError, split_pem, validity

KEY = ec.generate_private_key(ec.SECP256R1())
DATES = st.datetimes(datetime(1951, 1, 1), datetime(2200, 1, 1)).map(lambda date: date.replace(microsecond=0))


def certificate(first: datetime, last: datetime, serial: int = 7) -> bytes:
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), serial, first, last)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@settings(max_examples=30, deadline=None)
@given(DATES, DATES)
def test_the_dates_are_those_of_the_certificate(one, other):
    first, last = sorted((one, other))
    found = validity(certificate(first, last))
    assert found.not_before == first.replace(tzinfo=UTC).timestamp()
    assert found.not_after == last.replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n",
    ],
)
def test_other_bytes_are_refused(pem):
    with pytest.raises(CertificateError):
        validity(pem)


def test_a_bundle_is_split_without_duplicates_in_order():
    a, b = (certificate(datetime(2020, 1, 1), datetime(2021, 1, 1), serial) for serial in (1, 2))
    assert split_pem(b"comment\n" + a + b + a.replace(b"\n", b"\r\n")) == (a, b)
