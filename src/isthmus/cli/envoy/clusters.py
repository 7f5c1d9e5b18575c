"""``proxy-config clusters``: what Envoy may connect to."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.cli.columns import Table
from isthmus.cli.envoy.dump import ClusterName, Json, bare, managed_by, section

HEADER = ("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE")


class ClusterFilter(msgspec.Struct, frozen=True):
    """Which clusters; empty and 0 match all. ``fqdn`` matches as a part of the name."""

    fqdn: str = ""
    port: int = 0
    subset: str = ""
    direction: str = ""


def clusters(dump: Json, wanted: ClusterFilter) -> list[dict[str, Any]]:
    """The clusters of a dump that match, by name, direction, subset and port."""
    part = section(dump, "ClustersConfigDump")
    entries = (*part.get("static_clusters", ()), *part.get("dynamic_active_clusters", ()))
    found = [bare(entry["cluster"]) for entry in entries if "cluster" in entry]
    return sorted((cluster for cluster in found if _matches(cluster, wanted)), key=_order)


def table(found: list[dict[str, Any]]) -> Table:
    """One row per cluster."""
    return Table(HEADER, tuple(_row(cluster) for cluster in found))


def _row(cluster: Json) -> tuple[str, ...]:
    name = ClusterName(cluster["name"])
    kind = cluster.get("cluster_type", {}).get("name") or str(cluster.get("type", "STATIC"))
    if not name.direction:
        return name.fqdn, "-", "-", "-", kind, managed_by(cluster)
    return name.fqdn, str(name.port), name.subset or "-", name.direction, kind, managed_by(cluster)


def _matches(cluster: Json, wanted: ClusterFilter) -> bool:
    name = ClusterName(cluster["name"])
    return (
        wanted.fqdn in name.fqdn
        and wanted.port in (0, name.port)
        and wanted.subset in ("", name.subset)
        and wanted.direction in ("", name.direction)
    )


def _order(cluster: Json) -> tuple[str, str, str, int]:
    name = ClusterName(cluster["name"])
    return name.fqdn, name.direction, name.subset, name.port
