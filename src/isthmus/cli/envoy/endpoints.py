"""``proxy-config endpoints`` and ``eds``: the hosts of every cluster and what Envoy thinks of them.

Read from ``/clusters``, which has the health that Envoy sees, not only what it was told.
"""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.cli.columns import Table
from isthmus.cli.envoy.dump import Json, host_of, socket_port

HEADER = ("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER")
LOCALITY_HEADER = ("NAME", "STATUS", "LOCALITY", "CLUSTER")


class EndpointFilter(msgspec.Struct, frozen=True):
    """Which endpoints; empty and 0 match all. ``status`` is Envoy's word (``healthy``)."""

    address: str = ""
    port: int = 0
    cluster: str = ""
    status: str = ""


def endpoints(admin: Json, wanted: EndpointFilter) -> list[dict[str, Any]]:
    """The clusters of ``/clusters`` with only those hosts that match; clusters without any are left out."""
    found = []
    for cluster in admin.get("cluster_statuses", ()):
        if wanted.cluster not in ("", cluster.get("name", "")):
            continue
        hosts = [host for host in cluster.get("host_statuses", ()) if _matches(host, wanted)]
        if hosts:
            found.append({**cluster, "host_statuses": hosts})
    return found


def table(found: list[dict[str, Any]]) -> Table:
    """One row per host, by address, port and cluster."""
    hosts = [(host, str(cluster["name"])) for cluster in found for host in cluster["host_statuses"]]
    hosts.sort(key=lambda pair: (host_of(pair[0]["address"]), socket_port(pair[0]["address"]), pair[1]))
    return Table(
        HEADER, tuple((endpoint_words(host["address"]), status(host), _outlier(host), name) for host, name in hosts)
    )


def locality_table(found: list[dict[str, Any]]) -> Table:
    """One row per host of a service with its locality, by cluster, priority and address: the order of failover."""
    hosts = [(str(cluster["name"]), host) for cluster in found for host in cluster["host_statuses"]]
    hosts.sort(key=lambda pair: (pair[0], pair[1].get("priority", 0), endpoint_words(pair[1]["address"])))
    return Table(
        LOCALITY_HEADER,
        tuple((endpoint_words(host["address"]), status(host), _locality(host), name) for name, host in hosts),
    )


def endpoint_words(address: Json) -> str:
    """``IP:PORT``, ``unix://PATH``, or ``envoy://LISTENER/ENDPOINT``."""
    if "pipe" in address:
        return f"unix://{address['pipe'].get('path', '')}"
    if internal := address.get("envoy_internal_address"):
        return f"envoy://{internal.get('server_listener_name', '')}/{internal.get('endpoint_id', '')}"
    return f"{host_of(address)}:{socket_port(address)}"


def status(host: Json) -> str:
    """What EDS said of a host: ``HEALTHY``, ``DRAINING``, …"""
    return str(host.get("health_status", {}).get("eds_health_status", "UNKNOWN"))


def _locality(host: Json) -> str:
    place = host.get("locality", {})
    parts = [place.get(part, "") for part in ("region", "zone", "sub_zone")]
    return "/".join(parts).rstrip("/")


def _outlier(host: Json) -> str:
    return "FAILED" if host.get("health_status", {}).get("failed_outlier_check") else "OK"


def _matches(host: Json, wanted: EndpointFilter) -> bool:
    address = host.get("address", {})
    return (
        (not wanted.address or wanted.address.lower() == host_of(address).lower())
        and wanted.port in (0, socket_port(address))
        and (not wanted.status or wanted.status.upper() == status(host))
    )
