"""Connections to workloads that may be behind a gateway are renewed, so that new workloads get their share."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus.api.connection_pool import ConnectionPoolSettings, HttpSettings, TcpSettings
from isthmus.api.destination_rule import TrafficPolicy
from isthmus.api.mesh_config import MeshConfig
from isthmus.model.service import Protocol, Resolution, Service, ServicePort
from isthmus.protos import pb
from isthmus.translate.clusters.http_options import KEY, protocol_options
from isthmus.translate.policy import DestinationPolicy
from isthmus.translate.upstream import Target, Upstream
from isthmus.translate.views import ClusterView


def limits(network: str, protocol: Protocol = Protocol.HTTP, pool: Any = None, **changes: Any) -> tuple[int, int]:
    """Requests and seconds that a connection lives for at most; 0 for no limit. The service is on n1 and n2."""
    port = ServicePort("any", 80, protocol, 80)
    service = Service("a.b.svc.cluster.local", "a", "b", (port,), Resolution.ENDPOINTS, {}, (), ("c1", "c2"), **changes)
    policy = DestinationPolicy(traffic=TrafficPolicy(connection_pool=pool))
    upstream = Upstream(service, policy, gateway_networks=frozenset(("n1", "n2")))
    options = protocol_options(ClusterView(True, network), Target(upstream, port), MeshConfig()).get(KEY)
    common = (
        pb(KEY).FromString(options.value).common_http_protocol_options
        if options
        else pb(KEY)().common_http_protocol_options
    )
    return common.max_requests_per_connection.value, common.max_connection_duration.seconds


@pytest.mark.parametrize("network", ["n1", "n3", ""])
def test_connections_are_renewed_where_some_workload_is_behind_a_gateway(network: str):
    assert limits(network) == (50, 10)
    assert limits(network, Protocol.GRPC) == (50, 10)
    assert limits(network, Protocol.AUTO) == (50, 10)


def test_connections_live_on_where_nothing_is_behind_a_gateway():
    assert limits("n1", cluster_local=True) == (0, 0)
    assert limits("n1", Protocol.TCP) == (0, 0)


def test_a_rule_says_otherwise():
    pool = ConnectionPoolSettings(http=HttpSettings(max_requests_per_connection=7))
    assert limits("n1", pool=pool) == (7, 10)
    assert limits("n1", pool=ConnectionPoolSettings(tcp=TcpSettings(max_connection_duration="1h"))) == (50, 3600)
