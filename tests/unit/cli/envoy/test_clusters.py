"""``proxy-config clusters`` from hand-written dumps."""

from typing import Any

from isthmus.cli.envoy.clusters import ClusterFilter, clusters, table


def cluster(name: str, **more: Any) -> dict[str, Any]:
    return {"cluster": {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": name, **more}}


HELLO = "outbound|5000||helloworld.sample.svc.cluster.local"
RULE = "/apis/networking.istio.io/v1alpha3/namespaces/sample/destination-rule/hello"

DUMP = {
    "configs": [
        {
            "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
            "static_clusters": [cluster("xds-grpc", type="STRICT_DNS")],
            "dynamic_active_clusters": [
                cluster(HELLO, type="EDS", metadata={"filter_metadata": {"istio": {"config": RULE}}}),
                cluster("outbound|5000|v1|helloworld.sample.svc.cluster.local", type="EDS"),
                cluster("inbound|5000||", type="ORIGINAL_DST"),
                cluster("BlackHoleCluster"),
                cluster("AllowAnyDynamicDNSCluster", cluster_type={"name": "envoy.clusters.dynamic_forward_proxy"}),
            ],
            "dynamic_warming_clusters": [cluster("outbound|80||warming", type="EDS")],
        }
    ]
}


def test_names_are_taken_apart_and_sorted_by_service() -> None:
    rows = table(clusters(DUMP, ClusterFilter())).rows
    assert rows == (
        ("", "5000", "-", "inbound", "ORIGINAL_DST", ""),
        ("AllowAnyDynamicDNSCluster", "-", "-", "-", "envoy.clusters.dynamic_forward_proxy", ""),
        ("BlackHoleCluster", "-", "-", "-", "STATIC", ""),
        ("helloworld.sample.svc.cluster.local", "5000", "-", "outbound", "EDS", "hello.sample"),
        ("helloworld.sample.svc.cluster.local", "5000", "v1", "outbound", "EDS", ""),
        ("xds-grpc", "-", "-", "-", "STRICT_DNS", ""),
    )


def test_filters_combine() -> None:
    found = clusters(DUMP, ClusterFilter(fqdn="helloworld", port=5000, subset="v1", direction="outbound"))
    assert [entry["name"] for entry in found] == ["outbound|5000|v1|helloworld.sample.svc.cluster.local"]
    assert clusters(DUMP, ClusterFilter(port=80)) == []


def test_resources_lose_the_wrappers_type_url() -> None:
    assert all("@type" not in entry for entry in clusters(DUMP, ClusterFilter()))
