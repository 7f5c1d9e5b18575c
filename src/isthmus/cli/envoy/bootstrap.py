"""``proxy-config bootstrap``: what Envoy was started with."""

from __future__ import annotations

from typing import Any

from isthmus.cli.columns import Table
from isthmus.cli.envoy.dump import Json, bare, section

HEADER = ("SETTING", "VALUE")


def bootstrap(dump: Json) -> dict[str, Any]:
    """What Envoy says of its start: ``bootstrap`` and ``last_updated``; empty when it says nothing."""
    return bare(section(dump, "BootstrapConfigDump"))


def table(found: Json) -> Table:
    """The proxy's identity: version, cluster, network, locality."""
    node = found.get("bootstrap", {}).get("node", {})
    metadata = node.get("metadata", {})
    locality = node.get("locality", {})
    settings = (
        ("node id", node.get("id", "")),
        ("Istio version", metadata.get("ISTIO_VERSION", "")),
        ("cluster", metadata.get("CLUSTER_ID", "")),
        ("network", metadata.get("NETWORK", "")),
        ("mesh", metadata.get("MESH_ID", "")),
        ("service account", metadata.get("SERVICE_ACCOUNT", "")),
        ("locality", "/".join(filter(None, (locality.get(key, "") for key in ("region", "zone", "sub_zone"))))),
    )
    return Table(HEADER, tuple((name, str(value)) for name, value in settings if value))
