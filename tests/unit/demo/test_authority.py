"""The demonstration's certificate authorities."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from isthmus.cli.demo import authority

FILES = {"ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem"}


def test_every_cluster_gets_its_own_authority_under_one_root(tmp_path):
    made = authority.ensure(tmp_path, ["cluster1", "cluster2"])
    assert {frozenset(files) for files in made.values()} == {frozenset(FILES)}
    assert made["cluster1"]["root-cert.pem"] == made["cluster2"]["root-cert.pem"]
    root = x509.load_pem_x509_certificate(made["cluster1"]["root-cert.pem"])
    for name, files in made.items():
        own = x509.load_pem_x509_certificate(files["ca-cert.pem"])
        own.verify_directly_issued_by(root)
        assert name in own.subject.rfc4514_string()
        assert files["cert-chain.pem"] == files["ca-cert.pem"] + files["root-cert.pem"]
        key = serialization.load_pem_private_key(files["ca-key.pem"], None)
        assert key.public_key() == own.public_key()


def test_an_intermediate_signs_leaves_only(tmp_path):
    files = authority.ensure(tmp_path, ["c"])["c"]
    own = x509.load_pem_x509_certificate(files["ca-cert.pem"])
    constraints = own.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)


def test_a_second_run_keeps_what_the_first_made_and_adds_what_is_missing(tmp_path):
    first = authority.ensure(tmp_path, ["cluster1"])
    second = authority.ensure(tmp_path, ["cluster1", "cluster2"])
    assert second["cluster1"] == first["cluster1"]
    assert second["cluster2"]["root-cert.pem"] == first["cluster1"]["root-cert.pem"]


def test_keys_are_for_their_owner_alone(tmp_path):
    authority.ensure(tmp_path, ["c"])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*/ca-key.pem")} == {0o600}
