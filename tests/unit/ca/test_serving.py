"""The control plane's own certificate has the names that clients use."""

from authorities import NOW, Authority, istio_files
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from isthmus.ca.bundle import load_bundle
from isthmus.ca.serving import ServingIdentity, issue_serving, serving_names

ROOT = Authority("root")
BUNDLE = load_bundle(istio_files(Authority("intermediate", ROOT), ROOT), NOW)


def test_the_names_are_istios():
    assert serving_names(ServingIdentity("istio-system", "canary", "istiod.example.com", ("a.example.com",))) == (
        "istiod.example.com",
        "a.example.com",
        "istiod-canary.istio-system.svc",
        "istiod.istio-system.svc",
        "istiod-remote.istio-system.svc",
        "istio-pilot.istio-system.svc",
    )


def test_the_default_revision_has_no_name_of_its_own():
    assert serving_names(ServingIdentity("istio-system", "default", "istiod.istio-system.svc")) == (
        "istiod.istio-system.svc",
        "istiod-remote.istio-system.svc",
        "istio-pilot.istio-system.svc",
    )


def test_the_certificate_presents_the_chain_and_matches_its_key():
    pair = issue_serving(BUNDLE, ("istiod.istio-system.svc", "192.0.2.1"), 3600.0, NOW)
    leaf, *chain = x509.load_pem_x509_certificates(pair.chain)
    assert chain == list(BUNDLE.chain)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["istiod.istio-system.svc"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]
    key = load_pem_private_key(pair.key, None)
    assert key.public_key() == leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert pair.expiry == leaf.not_valid_after_utc
    assert "PRIVATE" not in repr(pair)
