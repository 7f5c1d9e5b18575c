"""Tables of ``proxy-status`` from the messages that a control plane sends."""

from typing import Any

from isthmus.cli.columns import render
from isthmus.cli.sync_status import long_table, proxies_of, short_table
from isthmus.protos import pb, to_any

NOW = 1_000_000


def generic(kind: str, status: str, updated: int | None = NOW - 65, **more: Any) -> dict[str, Any]:
    sent = {"last_updated": {"seconds": updated}} if updated is not None else {}
    return {"type_url": f"type.googleapis.com/envoy.config.{kind}", "config_status": status, **sent, **more}


def answer(*configs: dict[str, Any], name: str = "sleep.sample", istiod: str = "istiod-1") -> Any:
    metadata = {"CLUSTER_ID": "cluster1", "NAMESPACE": "sample", "ISTIO_VERSION": "0.1.0"}
    config = pb("envoy.service.status.v3.ClientConfig")(
        node={"id": name, "metadata": metadata}, generic_xds_configs=list(configs)
    )
    return pb("envoy.service.discovery.v3.DiscoveryResponse")(
        resources=[to_any(config)], control_plane={"identifier": f'{{"Component":"istiod","ID":"{istiod}"}}'}
    )


ALL = (
    generic("cluster.v3.Cluster", "SYNCED"),
    generic("core.v3.TypedExtensionConfig", "NOT_SENT", None),
    generic("endpoint.v3.ClusterLoadAssignment", "STALE"),
    generic("listener.v3.Listener", "ERROR", error_state={"details": "no"}),
)


def test_the_short_table_counts_the_types() -> None:
    assert render(short_table(proxies_of(answer(*ALL)))) == (
        "NAME             CLUSTER      ISTIOD       VERSION     SUBSCRIBED TYPES\n"
        "sleep.sample     cluster1     istiod-1     0.1.0       4 (CDS,LDS,EDS,ECDS)\n"
    )


def test_the_long_table_says_how_old_each_type_is() -> None:
    table = long_table(proxies_of(answer(*ALL)), NOW)
    assert table.header == ("NAME", "CLUSTER", "CDS", "ECDS", "EDS", "LDS", "RDS", "ISTIOD", "VERSION")
    assert table.rows == (
        (
            "sleep.sample",
            "cluster1",
            "SYNCED (65s)",
            "NOT SENT",
            "STALE (65s)",
            "ERROR (65s)",
            "IGNORED",
            "istiod-1",
            "0.1.0",
        ),
    )


def test_proxies_of_several_control_planes_are_in_one_order() -> None:
    proxies = (*proxies_of(answer(name="z.a", istiod="istiod-1")), *proxies_of(answer(name="a.a", istiod="istiod-2")))
    assert [row[:3] for row in short_table(proxies).rows] == [
        ("a.a", "cluster1", "istiod-2"),
        ("z.a", "cluster1", "istiod-1"),
    ]
