"""How far each type is, as tools read it; virtual hosts that are sent one by one are routes to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from isthmus.protos import pb
from isthmus.xds.node import Node, parse_node
from isthmus.xds.order import CLUSTER, ROUTE, VIRTUAL_HOST
from isthmus.xds.session import Ledger
from isthmus.xds.status import client_configs, syncz

CONFIG = pb("envoy.service.status.v3.ClientConfig")
STATUS = CONFIG.DESCRIPTOR.file.enum_types_by_name["ConfigStatus"].values_by_number


def proxy() -> Node:
    metadata = {"NAMESPACE": "shop", "PROXY_CONFIG": {}}
    id_ = "sidecar~10.0.0.1~web.shop~shop.svc.cluster.local"
    return parse_node(pb("envoy.config.core.v3.Node")(id=id_, metadata=metadata))


@dataclass(frozen=True)
class Connected:
    """A proxy with these ledgers."""

    ledgers: Mapping[str, Ledger]
    cluster: str = "cluster1"
    node: Node = field(default_factory=proxy)


def taken(nonce: str, at: float) -> Ledger:
    return Ledger(sent=nonce, acked=nonce, answered=nonce, sent_at=at)


def behind(nonce: str, at: float, error: str = "") -> Ledger:
    return Ledger(sent=nonce, acked="before", answered=nonce if error else "before", error=error, sent_at=at)


@pytest.mark.parametrize(
    ("routes", "hosts", "shown"),
    [
        (taken("r", 1), taken("h", 2), ("h", "h", "SYNCED", "")),
        (taken("r", 2), taken("h", 1), ("r", "r", "SYNCED", "")),
        (taken("r", 2), behind("h", 1), ("h", "before", "STALE", "")),
        (behind("r", 1), taken("h", 2), ("r", "before", "STALE", "")),
        (behind("r", 2), behind("h", 1, "twice"), ("h", "before", "ERROR", "twice")),
        (behind("r", 1, "no good"), behind("h", 2), ("r", "before", "ERROR", "no good")),
        (taken("r", 1), Ledger(), ("r", "r", "SYNCED", "")),
        (taken("r", 1), Ledger(current_at=2), ("held", "held", "SYNCED", "")),
    ],
)
def test_routes_are_up_to_date_when_their_virtual_hosts_are(
    routes: Ledger, hosts: Ledger, shown: tuple[str, str, str, str]
) -> None:
    stream = Connected({CLUSTER: taken("c", 1), ROUTE: routes, VIRTUAL_HOST: hosts})
    (row,) = syncz([stream])
    (config,) = (CONFIG.FromString(resource.body) for resource in client_configs([stream]).values())
    by_type = {one.type_url: one for one in config.generic_xds_configs}
    assert by_type.keys() == {CLUSTER, ROUTE}
    status, error = STATUS[by_type[ROUTE].config_status].name, by_type[ROUTE].error_state.details
    assert (row["route_sent"], row["route_acked"], status, error) == shown
    assert row["resources"].keys() == {CLUSTER, ROUTE, VIRTUAL_HOST}, "the debug page has both"
