"""Settings from variables, arguments and files."""

from __future__ import annotations

import pytest

from isthmus.agent import system_roots
from isthmus.agent.environment import Arguments, parse_address
from isthmus.agent.settings import Address, KeyKind
from isthmus.process.variables import SettingError


def test_an_injected_pods_defaults(pod_settings, tmp_path):
    settings = pod_settings()
    assert settings.discovery.address == Address("istiod.istio-system.svc", 15012)
    assert settings.discovery.root == tmp_path / "var/run/secrets/istio/root-cert.pem"
    assert settings.certificates.authority.address == settings.discovery.address
    assert settings.certificates.identity == "spiffe://cluster.local/ns/sample/sa/app"
    assert settings.certificates.key == KeyKind("P256")
    assert (settings.ports.status, settings.ports.admin) == (15020, 15000)
    assert settings.dns.address is None
    assert settings.delta


def test_later_sources_of_proxy_settings_win_and_their_metadata_joins(pod_settings):
    settings = pod_settings(
        files={
            "etc/istio/config/mesh": "defaultConfig:\n  statusPort: 1\n  proxyMetadata: {A: mesh, B: mesh}\n",
            "etc/istio/pod/annotations": 'proxy.istio.io/config="proxyMetadata:\\n  B: annotation\\n"\n',
        },
        proxy_config={"statusPort": 2, "proxyMetadata": {"C": "env"}},
        arguments=Arguments(concurrency=3),
    )
    assert settings.proxy.status_port == 2
    assert settings.proxy.metadata == {"A": "mesh", "B": "annotation", "C": "env"}
    assert settings.proxy.concurrency == 3


def test_the_trust_domain_is_part_of_the_identity(pod_settings):
    settings = pod_settings(TRUST_DOMAIN="team@example.org")
    assert settings.certificates.identity == "spiffe://team.example.org/ns/sample/sa/app"


@pytest.mark.parametrize(
    ("variables", "kind"),
    [
        ({"WORKLOAD_RSA_KEY_SIZE": "4096"}, KeyKind("RSA", 4096)),
        ({"ECC_SIGNATURE_ALGORITHM": "ECDSA", "ECC_CURVE": "P384"}, KeyKind("P384")),
        ({"ECC_SIGNATURE_ALGORITHM": "ECDSA", "WORKLOAD_RSA_KEY_SIZE": "2048"}, KeyKind("P256")),
        ({"PKCS8_KEY": "true"}, KeyKind("P256", pkcs8=True)),
    ],
)
def test_the_kind_of_key_follows_its_variables(pod_settings, variables, kind):
    assert pod_settings(**variables).certificates.key == kind


def test_the_roots_are_taken_in_the_contracts_order(pod_settings, tmp_path):
    assert pod_settings(XDS_ROOT_CA="SYSTEM").discovery.root == system_roots.path()
    assert pod_settings(XDS_ROOT_CA="/my/root.pem").discovery.root == tmp_path / "/my/root.pem"
    files = {"etc/certs/root-cert.pem": "pem"}
    assert pod_settings(files=files).discovery.root == tmp_path / "etc/certs/root-cert.pem"


def test_headers_of_both_services_carry_the_cluster(pod_settings):
    settings = pod_settings(XDS_HEADER_TENANT="a", CA_HEADER_TENANT="b")
    assert settings.discovery.headers == {"clusterid": "cluster1", "tenant": "a"}
    assert settings.certificates.authority.headers == {"clusterid": "cluster1", "tenant": "b"}


def test_the_certificate_is_shown_to_the_control_plane_when_pod_or_mesh_say_so(pod_settings):
    assert not pod_settings().discovery.shows_certificate
    assert pod_settings(XDS_CLIENT_CERTIFICATE="true").discovery.shows_certificate
    mesh = {"proxyMetadata": {"XDS_CLIENT_CERTIFICATE": "true"}}
    assert pod_settings(proxy_config=mesh).discovery.shows_certificate
    assert not pod_settings(proxy_config=mesh, XDS_CLIENT_CERTIFICATE="false").discovery.shows_certificate


def test_dns_is_served_only_when_it_is_captured(pod_settings):
    assert pod_settings(ISTIO_META_DNS_CAPTURE="true").dns.address == Address("localhost", 15053)
    captured = {"proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true"}}
    assert pod_settings(proxy_config=captured).dns.address == Address("localhost", 15053)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"SECRET_TTL": "a day"}, "SECRET_TTL: 'a day' is not a duration"),
        ({"ENVOY_STATUS_PORT": "high"}, "ENVOY_STATUS_PORT='high': expected a whole number"),
        ({"ISTIO_DELTA_XDS": "maybe"}, "ISTIO_DELTA_XDS='maybe': expected true or false"),
        ({"ECC_CURVE": "P999"}, "ECC_CURVE='P999': expected P256 or P384"),
        ({"ISTIO_KUBE_APP_PROBERS": "{"}, "ISTIO_KUBE_APP_PROBERS: not JSON"),
        ({"PROXY_CONFIG": "discoveryAddress: nowhere"}, "discoveryAddress='nowhere': expected host:port"),
        ({"PROXY_CONFIG": "- a"}, "PROXY_CONFIG: expected a mapping"),
        ({"PROXY_CONFIG": "{drainDuration: soon}"}, "PROXY_CONFIG: 'soon' is not a duration"),
        ({"ISTIO_METAJSON_A": "[1]"}, "ISTIO_METAJSON_A: expected a JSON object"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(pod_settings, variables, message):
    with pytest.raises(SettingError) as raised:
        pod_settings(**variables)
    assert message in str(raised.value)


def test_addresses_of_version_6_keep_their_brackets():
    assert parse_address("[fd00::1]:15012", "x") == Address("fd00::1", 15012)
    assert str(Address("fd00::1", 15012)) == "[fd00::1]:15012"
