"""How a proxy's configuration differs from its control plane's."""

from typing import Any

from isthmus.cli.proxy_diff import compare
from isthmus.protos import pb, to_any

CLUSTER = pb("envoy.config.cluster.v3.Cluster")
DYNAMIC = pb("envoy.admin.v3.ClustersConfigDump.DynamicCluster")


def sent(*clusters: Any) -> tuple[Any, ...]:
    dynamic = [DYNAMIC(cluster=to_any(cluster)) for cluster in clusters]
    return (
        to_any(pb("envoy.admin.v3.ClustersConfigDump")(dynamic_active_clusters=dynamic)),
        to_any(pb("envoy.admin.v3.ListenersConfigDump")()),
        to_any(pb("envoy.admin.v3.RoutesConfigDump")()),
    )


def kept(*clusters: dict[str, Any]) -> dict[str, Any]:
    wrapped = [
        {"version_info": "7", "cluster": {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", **cluster}}
        for cluster in clusters
    ]
    return {
        "configs": [
            {"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump"},
            {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": wrapped},
        ]
    }


def test_the_same_configuration_in_another_order_and_spelling_matches() -> None:
    theirs = sent(CLUSTER(name="a", connect_timeout={"seconds": 10}), CLUSTER(name="b"))
    ours = kept({"name": "b"}, {"name": "a", "connect_timeout": "10.000s"})
    assert compare(theirs, ours) == "Clusters Match\nListeners Match\nRoutes Match\n"


def test_a_difference_is_shown_where_it_is() -> None:
    text = compare(sent(CLUSTER(name="a", alt_stat_name="new")), kept({"name": "a", "alt_stat_name": "old"}))
    assert text.startswith("Clusters Don't Match\n--- Istiod Clusters\n+++ Envoy Clusters\n")
    assert '-    "alt_stat_name": "new",\n+    "alt_stat_name": "old",\n' in text
    assert text.endswith("Listeners Match\nRoutes Match\n")
