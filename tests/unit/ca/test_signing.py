"""Leaves say what the caller proved, never what the request wished, and never outlive their signer."""

from datetime import timedelta

import pytest
from authorities import DAY, NOW, Authority, csr, istio_files
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from isthmus.ca.bundle import load_bundle
from isthmus.ca.errors import CsrError, NotReadyError, TtlError
from isthmus.ca.signing import Lifetimes, sign_workload
from isthmus.model.identity import SpiffeId
from isthmus.rpc.refusal import Code

ROOT = Authority("root")
BUNDLE = load_bundle(istio_files(Authority("intermediate", ROOT), ROOT), NOW)
SLEEP = SpiffeId("cluster.local", "sample", "sleep")


def sign(request=None, identities=(SLEEP,), lifetime=DAY, bundle=BUNDLE, now=NOW):
    return x509.load_pem_x509_certificate(sign_workload(request or csr(str(SLEEP)), identities, lifetime, bundle, now))


def extension(leaf, kind):
    return leaf.extensions.get_extension_for_class(kind)


def test_the_leaf_has_istios_profile():
    leaf = sign()
    assert leaf.subject == x509.Name([])
    assert leaf.not_valid_before_utc == NOW - timedelta(minutes=2)
    assert leaf.not_valid_after_utc == NOW + DAY
    names = extension(leaf, x509.SubjectAlternativeName)
    assert names.critical
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [str(SLEEP)]
    usage = extension(leaf, x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.key_encipherment
    assert not usage.key_cert_sign
    assert list(extension(leaf, x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
    ]
    assert extension(leaf, x509.BasicConstraints).value.ca is False
    leaf.verify_directly_issued_by(BUNDLE.certificate)


def test_the_trust_domain_is_the_meshs_not_the_requests():
    leaf = sign(csr("spiffe://elsewhere/ns/sample/sa/sleep"))
    names = extension(leaf, x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [str(SLEEP)]


def test_a_request_without_names_gets_the_callers():
    assert extension(sign(csr()), x509.SubjectAlternativeName).value


@pytest.mark.parametrize("uri", ["spiffe://cluster.local/ns/sample/sa/admin", "spiffe://cluster.local/ns/x/sa/sleep"])
def test_a_request_for_another_workload_is_refused(uri):
    with pytest.raises(CsrError, match="CSR asks for") as caught:
        sign(csr(uri))
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_a_request_for_something_that_is_no_workload_is_refused():
    with pytest.raises(CsrError, match="no workload can have"):
        sign(csr("https://example.com"))


def test_a_common_name_in_the_request_gives_one_in_the_leaf():
    leaf = sign(csr(common_name="anything"))
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == str(SLEEP)


def test_a_common_name_that_would_be_too_long_is_left_out():
    long = SpiffeId("cluster.local", "n" * 40, "a" * 40)
    assert sign(csr(common_name="anything"), (long,)).subject == x509.Name([])


def test_a_leaf_ends_with_its_signer():
    assert sign(lifetime=1000 * DAY).not_valid_after_utc == BUNDLE.certificate.not_valid_after_utc


def test_an_expired_signer_signs_nothing():
    with pytest.raises(NotReadyError, match="expired") as caught:
        sign(now=BUNDLE.certificate.not_valid_after_utc)
    assert caught.value.code is Code.INTERNAL


@pytest.mark.parametrize(
    "text", ["", "rubbish", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"]
)
def test_rubbish_is_refused(text):
    with pytest.raises(CsrError):
        sign_workload(text, (SLEEP,), DAY, BUNDLE, NOW)


def test_a_request_that_was_tampered_with_is_refused():
    body = x509.load_pem_x509_csr(csr(str(SLEEP)).encode()).public_bytes(Encoding.DER)
    forged = bytearray(body)
    forged[-1] ^= 1
    request = x509.load_der_x509_csr(bytes(forged)).public_bytes(Encoding.PEM)
    with pytest.raises(CsrError, match="not signed with its own key"):
        sign(request.decode())


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
    ],
    ids=["rsa", "p384", "p521"],
)
def test_authorities_and_workloads_may_have_any_usual_key(key):
    root = Authority("root", key=key)
    bundle = load_bundle(istio_files(root, root), NOW)
    leaf = sign(csr(str(SLEEP), key=key), bundle=bundle)
    leaf.verify_directly_issued_by(root.certificate)


def test_an_ed25519_key_of_a_workload_is_signed():
    key = ed25519.Ed25519PrivateKey.generate()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, None)
    leaf = sign(request.public_bytes(Encoding.PEM).decode())
    assert leaf.public_key() == key.public_key()


def test_lifetimes_default_and_are_never_cut():
    lifetimes = Lifetimes(default=100, longest=200)
    assert lifetimes.choose(0) == timedelta(seconds=100)
    assert lifetimes.choose(-5) == timedelta(seconds=100)
    assert lifetimes.choose(200) == timedelta(seconds=200)
    with pytest.raises(TtlError, match="greater than the max") as caught:
        lifetimes.choose(201)
    assert caught.value.code is Code.INVALID_ARGUMENT
