"""Names and certificates that everything in a lab believes."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from isthmus.lab import public
from isthmus.lab.layout import Layout
from isthmus.lab.state import LabError, Record
from isthmus.lab.topology import topology

RECORD = Record("lab", topology("primary-remote"), "172.30.0.0/16")


@pytest.fixture
def files(tmp_path: Path) -> Layout:
    found = Layout(tmp_path)
    public.prepare(found)
    for node in RECORD.plan().nodes:
        found.node(node.node.name).mkdir(parents=True)
    return found


def test_a_published_name_is_known_to_dns_and_to_every_node_and_moves_when_published_again(files: Layout) -> None:
    public.publish(RECORD, files, "one.example.com", "172.30.1.128")
    public.publish(RECORD, files, "two.lab.test", "172.30.1.129")
    public.publish(RECORD, files, "one.example.com", "172.30.2.128")
    assert (files.names / "hosts").read_text() == "172.30.1.129 two.lab.test\n172.30.2.128 one.example.com\n"
    for node in RECORD.plan().nodes:
        hosts = (files.node(node.node.name) / "hosts").read_text()
        assert "172.30.2.128 one.example.com" in hosts
        assert "cluster1-api.lab.test" in hosts
        assert "172.30.1.128 one.example.com" not in hosts


def test_its_certificate_is_good_for_the_name_alone_and_issued_by_who_is_trusted(files: Layout) -> None:
    pair = public.publish(RECORD, files, "myhost.example.com", "172.30.1.128")
    leaf = x509.load_pem_x509_certificate(pair.certificate)
    _, start, root = public.trust_store(files).read_bytes().rpartition(b"-----BEGIN")  # the machine's own are first
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(start + root))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["myhost.example.com"]
    key = serialization.load_pem_private_key(pair.key, password=None)
    assert key.public_key() == leaf.public_key()


def test_an_authority_stays_the_same_when_a_lab_comes_up_again(files: Layout) -> None:
    before = public.trust_store(files).read_bytes()
    public.prepare(files)
    assert public.trust_store(files).read_bytes() == before
    ssl.create_default_context(cadata=before.decode())


@pytest.mark.parametrize("name", ["example.com", "www.google.com", "-a.example.com", "a b.example.com", "x.com"])
def test_names_that_belong_to_somebody_are_refused(files: Layout, name: str) -> None:
    with pytest.raises(LabError, match="cannot be published: a lab has names below"):
        public.publish(RECORD, files, name, "172.30.1.128")


def test_a_host_name_is_no_address(files: Layout) -> None:
    with pytest.raises(LabError, match="is no IPv4 address"):
        public.publish(RECORD, files, "a.example.com", "<pending>")
