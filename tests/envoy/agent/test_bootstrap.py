"""Every form of the bootstrap is accepted by Envoy, without a warning."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from agent_authority import Authority
from agent_process import write_projected

from isthmus.agent import bootstrap_files, system_roots
from isthmus.agent.environment import Arguments, read_settings
from isthmus.agent.envoy import command


@pytest.fixture
def accepted(root_directory: Path, envoy_binary: Path, authority: Authority):
    """Writes the bootstrap of a pod with these variables and has Envoy read it; its parsed form."""
    write_projected(root_directory / "var/run/secrets/tokens", {"istio-token": "token"})
    write_projected(root_directory / "var/run/secrets/istio", {"root-cert.pem": authority.pem})

    def check(proxy_type: str = "sidecar", discovery: str = "istiod.istio-system.svc:15012", **variables: str):
        proxy_config = {
            "binaryPath": str(envoy_binary),
            "discoveryAddress": discovery,
            "proxyStatsMatcher": {"inclusionPrefixes": ["cluster.outbound"], "inclusionRegexps": [".*cx_active"]},
        }
        given = {
            "POD_NAME": "app-1",
            "POD_NAMESPACE": "sample",
            "SERVICE_ACCOUNT": "app",
            "INSTANCE_IP": "10.0.0.7",
            "PROXY_CONFIG": json.dumps(proxy_config),
            **variables,
        }
        settings = read_settings(Arguments(proxy_type=proxy_type), given, root_directory)
        bootstrap_files.write(settings)
        done = subprocess.run([*command(settings), "--mode", "validate"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(settings.paths.bootstrap.read_text())

    return check


def xds_cluster(bootstrap):
    clusters = {each["name"]: each for each in bootstrap["static_resources"]["clusters"]}
    return clusters["xds-grpc"]


def tls_of(bootstrap):
    return xds_cluster(bootstrap)["transport_socket"]["typed_config"]


def test_a_sidecar_talks_to_the_control_plane_with_root_and_token(accepted):
    bootstrap = accepted()
    tls = tls_of(bootstrap)
    assert tls["sni"] == "istiod.istio-system.svc"
    matcher = tls["common_tls_context"]["combined_validation_context"]["default_validation_context"]
    assert matcher["match_typed_subject_alt_names"][0]["matcher"]["exact"] == "istiod.istio-system.svc"
    assert "credential_injector" in json.dumps(xds_cluster(bootstrap))
    ads = bootstrap["dynamic_resources"]["ads_config"]
    assert ads["api_type"] == "DELTA_GRPC"
    assert ads["grpc_services"][0]["initial_metadata"] == [{"key": "clusterid", "value": "Kubernetes"}]


def test_a_sidecar_that_is_told_to_offers_its_certificate_beside_the_token(accepted):
    bootstrap = accepted(XDS_CLIENT_CERTIFICATE="true")
    (secret,) = tls_of(bootstrap)["common_tls_context"]["tls_certificate_sds_secret_configs"]
    assert secret["name"] == "default"
    assert "credential_injector" in json.dumps(xds_cluster(bootstrap))


def test_the_plaintext_port_is_used_without_tls_and_never_sees_a_token(accepted):
    bootstrap = accepted(discovery="istiod.istio-system.svc:15010")
    assert "transport_socket" not in xds_cluster(bootstrap)
    assert "credential_injector" not in json.dumps(bootstrap)


def test_a_control_plane_is_named_by_its_address_or_another_name(accepted):
    by_address = tls_of(accepted(discovery="192.0.2.7:15012"))
    assert "sni" not in by_address
    assert "IP_ADDRESS" in json.dumps(by_address)
    assert tls_of(accepted(discovery="192.0.2.7:15012", ISTIOD_SAN="istiod.example"))["sni"] == "istiod.example"


def test_the_systems_roots_may_be_trusted_instead(accepted, root_directory):
    accepted(XDS_ROOT_CA="SYSTEM")
    roots = json.loads((root_directory / "etc/istio/proxy/discovery-root.json").read_text())["resources"][0]
    assert roots["validation_context"]["trusted_ca"]["filename"] == str(system_roots.path())


@pytest.mark.parametrize("proxy_type", ["sidecar", "router"])
def test_gateways_and_state_of_the_world_are_accepted_too(accepted, proxy_type):
    bootstrap = accepted(proxy_type=proxy_type, ISTIO_DELTA_XDS="false", XDS_HEADER_TENANT="a")
    assert bootstrap["dynamic_resources"]["ads_config"]["api_type"] == "GRPC"
    assert bootstrap["node"]["id"].startswith(f"{proxy_type}~10.0.0.7~")


def test_a_pod_with_ipv6_alone_listens_there(accepted, monkeypatch):
    monkeypatch.setattr("isthmus.process.interfaces.own_addresses", lambda: ("fd00::7",))
    bootstrap = accepted(INSTANCE_IP="fd00::7")
    addresses = [each["address"]["socket_address"]["address"] for each in bootstrap["static_resources"]["listeners"]]
    assert addresses == ["::", "::"]
    assert "V6_ONLY" in json.dumps(xds_cluster(bootstrap))


def test_a_dual_stack_pod_listens_on_both(accepted, monkeypatch):
    monkeypatch.setattr("isthmus.process.interfaces.own_addresses", lambda: ("10.0.0.7", "fd00::7"))
    listener = accepted()["static_resources"]["listeners"][0]
    assert listener["address"]["socket_address"]["address"] == "0.0.0.0"
    assert listener["additional_addresses"][0]["address"]["socket_address"]["address"] == "::"


def test_a_users_part_of_the_bootstrap_is_laid_over(accepted, root_directory):
    (root_directory / "custom.json").write_text('{"stats_flush_interval": "17s"}')
    accepted(ISTIO_BOOTSTRAP_OVERRIDE="custom.json")


def test_statistics_are_few_and_what_is_asked_for(accepted):
    patterns = accepted()["stats_config"]["stats_matcher"]["inclusion_list"]["patterns"]
    assert {"prefix": "cluster.outbound"} in patterns
    assert {"safe_regex": {"regex": ".*cx_active"}} in patterns
    assert {"prefix": "cluster_manager"} in patterns
