"""Keys and signing requests."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from isthmus.agent.settings import KeyKind
from isthmus.agent.workload_identity import KeyAhead, KeyMakerError, make_signing_request, new_signing_request

IDENTITY = "spiffe://cluster.local/ns/sample/sa/app"


@pytest.mark.parametrize(
    ("kind", "expected", "armour"),
    [
        (KeyKind("P256"), ec.SECP256R1, "BEGIN EC PRIVATE KEY"),
        (KeyKind("P384", pkcs8=True), ec.SECP384R1, "BEGIN PRIVATE KEY"),
        (KeyKind("RSA", 2048), rsa.RSAPrivateKey, "BEGIN RSA PRIVATE KEY"),
    ],
)
def test_a_request_names_the_identity_and_is_signed_by_its_key(kind, expected, armour):
    made = make_signing_request(IDENTITY, kind)
    csr = x509.load_pem_x509_csr(made.csr.encode())
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert [name.value for name in names.value] == [IDENTITY]
    assert names.critical
    assert csr.is_signature_valid
    assert len(csr.subject) == 0
    key = load_pem_private_key(made.key.encode(), None)
    assert key.public_key() == csr.public_key()
    assert isinstance(key.curve if isinstance(key, ec.EllipticCurvePrivateKey) else key, expected)
    assert armour in made.key
    assert made.key not in repr(made)


async def test_the_child_makes_a_new_key_each_time():
    ahead = KeyAhead(IDENTITY, KeyKind("P256"))
    ahead.begin()
    first, second = await ahead.take(), await ahead.take()
    assert first.key != second.key


async def test_a_child_that_fails_says_why():
    with pytest.raises(KeyMakerError, match="no key for spiffe"):
        await new_signing_request(IDENTITY, KeyKind("RSA", 1))
