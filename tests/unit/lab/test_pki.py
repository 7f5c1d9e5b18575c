"""Certificates say what Kubernetes reads in them, and verify against their authority."""

import yaml
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from isthmus.lab.addresses import SLOTS, plan
from isthmus.lab.credentials import write
from isthmus.lab.kubeconfig import Access, render
from isthmus.lab.pki import Authority, Subject
from isthmus.lab.topology import topology


def leaf(authority: Authority, subject: Subject) -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority.issue(subject).certificate)


def test_a_clients_user_and_groups_are_its_subject() -> None:
    certificate = leaf(Authority.create("root"), Subject("admin", groups=("system:masters", "others")))
    assert [each.value for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["admin"]
    organisations = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert {each.value for each in organisations} == {"system:masters", "others"}


def test_a_server_has_names_and_addresses() -> None:
    certificate = leaf(Authority.create("root"), Subject("server", names=("localhost", "127.0.0.1")))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.SERVER_AUTH in purposes


def test_a_leaf_is_signed_by_its_authority() -> None:
    authority = Authority.create("root")
    certificate = leaf(authority, Subject("anybody"))
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.pair.certificate))


def test_a_kubeconfig_has_a_context_per_access_and_begins_with_the_first() -> None:
    authority = Authority.create("root")
    client = authority.issue(Subject("admin"))
    accesses = tuple(Access(name, "https://192.0.2.1", b"ca", client) for name in ("one", "two"))
    document = yaml.safe_load(render(accesses))
    assert document["current-context"] == "one"
    assert [each["name"] for each in document["contexts"]] == ["one", "two"]


def test_credentials_appear_together_are_private_and_are_kept(tmp_path) -> None:
    cluster = plan("lab", topology("single"), SLOTS[0]).clusters[0]
    write(cluster, tmp_path / "pki")
    before = {path.name: path.read_bytes() for path in (tmp_path / "pki").iterdir()}
    assert {"ca.crt", "apiserver.key", "admin.kubeconfig", "cluster1-node1.kubeconfig"} <= before.keys()
    assert {path.stat().st_mode & 0o77 for path in (tmp_path / "pki").iterdir()} == {0}
    write(cluster, tmp_path / "pki")
    assert {path.name: path.read_bytes() for path in (tmp_path / "pki").iterdir()} == before


def test_the_api_servers_certificate_covers_every_way_to_call_it(tmp_path) -> None:
    cluster = plan("lab", topology("single"), SLOTS[0]).clusters[0]
    write(cluster, tmp_path / "pki")
    certificate = x509.load_pem_x509_certificate((tmp_path / "pki" / "apiserver.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = {str(each) for each in names.get_values_for_type(x509.IPAddress)}
    assert {"127.0.0.1", "172.30.1.1", "10.200.0.1", "10.96.0.1"} <= addresses
    assert {"kubernetes.default.svc", "cluster1-api.lab.test"} <= set(names.get_values_for_type(x509.DNSName))
