"""The self-made root, its Secret, and its renewal with the same key."""

from datetime import timedelta

import pytest
from authorities import NOW
from cryptography import x509

from isthmus.ca.errors import BundleError
from isthmus.ca.selfsigned import RootProfile, create_root, from_secret, needs_renewal, renew_root, to_secret

PROFILE = RootProfile("mesh.example", lifetime=1000.0, grace_percent=20)
ROOT = create_root(PROFILE, NOW)


def test_the_root_belongs_to_the_trust_domain():
    assert ROOT.certificate.subject.rfc4514_string() == "O=mesh.example"
    assert ROOT.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_workloads_get_the_leaf_and_the_root_only():
    assert ROOT.response(b"leaf\n") == ("leaf\n", ROOT.roots.decode())


def test_the_secret_has_istios_keys_and_gives_the_same_root_back():
    data = to_secret(ROOT)
    assert set(data) == {"ca-cert.pem", "ca-key.pem", "cert-chain.pem", "key.pem", "root-cert.pem"}
    assert data["cert-chain.pem"] == data["key.pem"] == b""
    back = from_secret(data, NOW)
    assert (back.certificate, back.chain, back.roots) == (ROOT.certificate, (), ROOT.roots)


def test_a_secret_of_an_old_release_has_no_root_cert():
    data = {key: value for key, value in to_secret(ROOT).items() if key != "root-cert.pem"}
    assert from_secret(data, NOW).certificate == ROOT.certificate


def test_a_damaged_secret_is_an_error():
    with pytest.raises(BundleError, match="ca-key"):
        from_secret({**to_secret(ROOT), "ca-key.pem": b"rubbish"}, NOW)


def test_an_empty_secret_has_no_root():
    assert from_secret({}, NOW) is None


def test_renewal_is_due_in_the_last_part_of_its_life():
    end = ROOT.certificate.not_valid_after_utc
    assert not needs_renewal(ROOT, PROFILE, end - timedelta(seconds=300))
    assert needs_renewal(ROOT, PROFILE, end - timedelta(seconds=100))


def test_a_renewed_root_has_the_same_key_and_a_later_end():
    renewed = renew_root(ROOT, PROFILE, NOW + timedelta(seconds=900))
    assert renewed.certificate.public_key() == ROOT.certificate.public_key()
    assert renewed.certificate.not_valid_after_utc > ROOT.certificate.not_valid_after_utc
    renewed.certificate.verify_directly_issued_by(ROOT.certificate)
