"""Pages of Envoy's administration interface."""

import base64
import json

import pytest

from isthmus.cli.demo import authority, evidence
from isthmus.kube.errors import KubeError


def host(address, port, requests, health="HEALTHY"):
    return {
        "address": {"socket_address": {"address": address, "port_value": port}},
        "stats": [{"name": "cx_total", "value": "9"}, {"name": "rq_total", "value": str(requests), "type": "COUNTER"}],
        "health_status": {"eds_health_status": health},
        "weight": 1,
    }


def test_endpoints_of_the_service_come_with_their_requests():
    page = {
        "cluster_statuses": [
            {"name": "outbound|80||other", "host_statuses": [host("10.0.0.9", 80, 1)]},
            {
                "name": evidence.CLUSTER,
                "added_via_api": True,
                "host_statuses": [host("172.30.2.128", 15443, 4), host("10.10.1.3", 5000, 6, "UNHEALTHY")],
            },
        ]
    }
    assert evidence.parse_endpoints(json.dumps(page).encode()) == (
        evidence.Endpoint("10.10.1.3:5000", False, 6),
        evidence.Endpoint("172.30.2.128:15443", True, 4),
    )


def dump(chain):
    encoded = base64.b64encode(chain).decode()
    secret = {"name": "default", "tls_certificate": {"certificate_chain": {"inline_bytes": encoded}, "private_key": {}}}
    root = {"name": "ROOTCA", "secret": {"name": "ROOTCA", "validation_context": {}}}
    return json.dumps({"configs": [root, {"name": "default", "secret": secret}]}).encode()


def test_the_root_is_described_by_its_names_and_fingerprint(tmp_path):
    files = authority.ensure(tmp_path, ["cluster1"])["cluster1"]
    root = evidence.describe(files["root-cert.pem"])
    assert root.issuer == root.identity == "Isthmus demo, Root CA"
    assert len(root.fingerprint) == 64


def test_the_leaf_of_the_chain_is_the_workloads_certificate(tmp_path):
    files = authority.ensure(tmp_path, ["cluster1"])["cluster1"]
    found = evidence.parse_certificate(dump(files["cert-chain.pem"]))
    assert found.issuer == "Isthmus demo, Root CA"
    assert found.identity == "Isthmus demo, Intermediate CA of cluster1"


def test_a_sidecar_without_a_certificate_is_told():
    with pytest.raises(KubeError, match="no certificate yet"):
        evidence.parse_certificate(b'{"configs": []}')
