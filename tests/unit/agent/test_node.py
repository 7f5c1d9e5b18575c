"""How a proxy introduces itself."""

from __future__ import annotations

import dataclasses

import pytest

from isthmus.agent.node import locality, metadata, node_id, service_cluster

LABELS = "etc/istio/pod/labels"


def test_the_node_id_has_four_parts(pod_settings):
    assert node_id(pod_settings()) == "sidecar~10.0.0.7~app-1.sample~sample.svc.cluster.local"


def test_a_pod_without_address_cannot_introduce_itself(pod_settings):
    settings = pod_settings()
    alone = dataclasses.replace(settings, pod=dataclasses.replace(settings.pod, addresses=()))
    with pytest.raises(ValueError, match="no IP address"):
        node_id(alone)


@pytest.mark.parametrize(
    ("files", "variables", "expected"),
    [
        ({LABELS: 'app="web"\n'}, {}, "web.sample"),
        ({}, {"ISTIO_META_WORKLOAD_NAME": "web-v1"}, "web-v1.sample"),
        ({}, {}, "istio-proxy.sample"),
        ({}, {"PROXY_CONFIG": '{"serviceCluster": "chosen"}'}, "chosen"),
    ],
)
def test_the_service_cluster_is_the_workloads_group(pod_settings, files, variables, expected):
    assert service_cluster(pod_settings(files=files, **variables)) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ('topology.istio.io/locality="r1/z1/s1"\n', {"region": "r1", "zone": "z1", "sub_zone": "s1"}),
        ('istio-locality="r1.z1"\n', {"region": "r1", "zone": "z1"}),
        ('istio-locality="eu.west/z1"\n', {"region": "eu.west", "zone": "z1"}),
        ("", {}),
    ],
)
def test_the_locality_comes_from_the_pods_own_label(pod_settings, labels, expected):
    assert locality(pod_settings(files={LABELS: labels})) == expected


def test_metadata_comes_from_variables_files_and_the_pod(pod_settings):
    found = metadata(
        pod_settings(
            files={LABELS: 'app="web"\npod-template-hash="abc"\n'},
            ISTIO_META_NETWORK="network1",
            ISTIO_META_POD_PORTS='[{"containerPort": 80}]',
            ISTIO_METAJSON_EXTRA='{"PLATFORM_METADATA": {"a": "b"}}',
            ISTIO_METAJSON_LABELS='{"static": "yes"}',
        )
    )
    assert found["LABELS"] == {"app": "web", "static": "yes"}
    assert found["STATIC_LABELS"] == {"static": "yes"}
    assert found["PLATFORM_METADATA"] == {"a": "b"}
    assert found["POD_PORTS"] == '[{"containerPort": 80}]', "a string, not a list"
    assert found["INSTANCE_IPS"].split(",")[0] == "10.0.0.7"
    assert (found["NAME"], found["NAMESPACE"], found["SERVICE_ACCOUNT"]) == ("app-1", "sample", "app")
    assert (found["CLUSTER_ID"], found["NETWORK"]) == ("cluster1", "network1")
    assert found["PROXY_CONFIG"]["statusPort"] == 15020


def test_the_environment_wins_over_the_proxys_own_metadata(pod_settings):
    settings = pod_settings(
        proxy_config={"proxyMetadata": {"ISTIO_META_NETWORK": "a", "ISTIO_META_HTTP10": "1", "OTHER": "x"}},
        ISTIO_META_NETWORK="b",
    )
    found = metadata(settings)
    assert (found["NETWORK"], found["HTTP10"]) == ("b", "1")
    assert "OTHER" not in found


@pytest.mark.parametrize(
    ("variables", "declared"),
    [
        ({}, "true"),
        ({"ISTIO_META_VIRTUAL_HOST_DISCOVERY": "false"}, "false"),
        ({"ISTIO_DELTA_XDS": "false"}, None),
    ],
)
def test_taking_virtual_hosts_one_by_one_is_declared_with_incremental_ads_unless_told_not_to(
    pod_settings, variables, declared
):
    assert metadata(pod_settings(**variables)).get("VIRTUAL_HOST_DISCOVERY") == declared
