"""Mesh settings and networks: layers, defaults, and what a mistake costs."""

from isthmus.api.config import Severity
from isthmus.api.load_balancing import LocalityLbSetting
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.mesh_config_layers import layer, mesh_config, parse
from isthmus.api.mesh_networks import parse as parse_networks


def merged(*texts: str) -> MeshConfig:
    layers = []
    for text in texts:
        fields, problems = layer(text)
        assert problems == ()
        layers.append(fields)
    return mesh_config(layers)


def test_without_any_text_the_defaults_are_istios() -> None:
    config = merged()
    assert config.trust_domain == "cluster.local"
    assert config.enable_auto_mtls
    assert config.outbound_traffic_policy.mode == "ALLOW_ANY"
    assert (config.proxy_listen_port, config.proxy_inbound_listen_port) == (15001, 15006)
    assert config.connect_timeout == "10s"
    assert config.locality_lb_setting == LocalityLbSetting(enabled=True)
    assert config.default_config.discovery_address == "istiod.istio-system.svc:15012"


def test_later_layers_replace_fields_and_leave_others_alone() -> None:
    config = merged("{accessLogFile: /dev/stdout, connectTimeout: 1s}", "connectTimeout: 2s")
    assert (config.access_log_file, config.connect_timeout) == ("/dev/stdout", "2s")


def test_proxy_settings_are_merged_deeply_and_their_metadata_by_key() -> None:
    config = merged(
        "defaultConfig: {meshId: m, proxyMetadata: {A: '1', B: '1'}}",
        "defaultConfig: {discoveryAddress: x:15012, proxyMetadata: {B: '2'}}",
    )
    assert config.default_config.mesh_id == "m"
    assert config.default_config.discovery_address == "x:15012"
    assert config.default_config.proxy_metadata == {"A": "1", "B": "2"}


def test_aliases_are_united_providers_merged_by_name_and_other_lists_replaced() -> None:
    config = merged(
        "trustDomainAliases: [c, a]\n"
        "extensionProviders: [{name: p, prometheus: {}}, {name: log, envoyFileAccessLog: {path: /a}}]\n"
        "defaultServiceExportTo: [x]\n"
        "defaultProviders: {metrics: [p]}",
        "trustDomainAliases: [b, a]\n"
        "extensionProviders: [{name: log, envoyFileAccessLog: {path: /b}}]\n"
        "defaultServiceExportTo: ['.']\n"
        "defaultProviders: {accessLogging: [log]}",
    )
    assert config.trust_domain_aliases == ("a", "b", "c")
    assert [provider.name for provider in config.extension_providers] == ["p", "log"]
    assert config.extension_providers[1].envoy_file_access_log.path == "/b"  # type: ignore[union-attr]
    assert config.default_service_export_to == (".",)
    assert (config.default_providers.metrics, config.default_providers.access_logging) == (("p",), ("log",))


def test_a_malformed_field_costs_only_itself() -> None:
    config, problems = parse(
        "connectTimeout: 5\naccessLogFile: /dev/stdout\nproxyListenPort: 99999\n"
        "defaultConfig: {statusPort: x, meshId: m}\noutboundTrafficPolicy: {mode: MAYBE}\n"
    )
    assert (config.connect_timeout, config.proxy_listen_port) == ("10s", 15001)
    assert (config.access_log_file, config.default_config.mesh_id) == ("/dev/stdout", "m")
    assert [problem.path for problem in problems] == [
        "mesh.connectTimeout",
        "mesh.proxyListenPort",
        "mesh.defaultConfig.statusPort",
        "mesh.outboundTrafficPolicy.mode",
    ]
    assert str(problems[0]) == "mesh.connectTimeout: expected text, found a number; the field is ignored"


def test_a_malformed_field_leaves_the_lower_layer_standing() -> None:
    under, _ = layer("connectTimeout: 3s")
    over, problems = layer("connectTimeout: soon")
    assert problems
    assert mesh_config((under, over)).connect_timeout == "3s"


def test_unknown_fields_and_those_of_old_releases_are_warned_about() -> None:
    _, problems = parse("{disablePolicyChecks: true, colour: red, trustDomain: null}")
    assert [(problem.path, problem.severity) for problem in problems] == [
        ("mesh.disablePolicyChecks", Severity.WARNING),
        ("mesh.colour", Severity.WARNING),
    ]


def test_text_that_is_no_map_gives_the_defaults_and_a_problem() -> None:
    for text in ("a: [", "- a", "5"):
        config, problems = parse(text, "istio-system/istio")
        assert config == MeshConfig()
        assert problems[0].path == "istio-system/istio"
    assert parse("") == (MeshConfig(), ())


def test_networks_are_read_with_their_endpoints_and_gateways() -> None:
    found, problems = parse_networks(
        "networks:\n"
        "  network2:\n"
        "    endpoints: [{fromRegistry: remote_kubecfg}, {fromCidr: 10.0.0.0/8}]\n"
        "    gateways: [{address: 0.0.0.0, port: 443}, {registryServiceName: a.b.svc.cluster.local, port: 15443}]\n"
    )
    assert problems == ()
    network = found.networks["network2"]
    assert [entry.from_registry or entry.from_cidr for entry in network.endpoints] == ["remote_kubecfg", "10.0.0.0/8"]
    assert [entry.address or entry.registry_service_name for entry in network.gateways] == [
        "0.0.0.0",
        "a.b.svc.cluster.local",
    ]


def test_a_malformed_part_of_networks_costs_only_itself() -> None:
    found, problems = parse_networks(
        "networks:\n"
        "  a:\n"
        "    endpoints: [{fromCidr: nonsense}, {fromRegistry: c1}, {}]\n"
        "    gateways: [{port: 1}, {address: x, port: 0}]\n"
        "  b: []\n"
        "  c:\n"
    )
    assert set(found.networks) == {"a", "c"}
    assert len(found.networks["a"].endpoints) == 1
    assert found.networks["a"].gateways == ()
    assert [problem.path for problem in problems] == [
        "meshNetworks.networks[a].endpoints[0]",
        "meshNetworks.networks[a].endpoints[2]",
        "meshNetworks.networks[a].gateways[0]",
        "meshNetworks.networks[a].gateways[1]",
        "meshNetworks.networks[b]",
    ]


def test_networks_that_are_no_map_are_reported() -> None:
    assert parse_networks("")[1] == ()
    for text in ("networks: [a]", "- a", "a: ["):
        assert len(parse_networks(text)[1]) == 1
