"""Node ids and metadata are read as Istio reads them; what is wrong is named."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import ParseDict

from isthmus.model.identity import Caller, SpiffeId
from isthmus.model.locality import Locality
from isthmus.protos import pb
from isthmus.rpc.refusal import Code, Refused
from isthmus.xds.auth import check_identity
from isthmus.xds.node import NodeType, Port, parse_node

ID = "sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local"


def message(node_id: str = ID, metadata: dict | None = None, **fields):
    result = ParseDict(fields, pb("envoy.config.core.v3.Node")())
    result.id = node_id
    if metadata is not None:
        result.metadata.update(metadata)
    return result


def test_a_sidecars_node_is_read():
    node = parse_node(
        message(
            metadata={
                "NAMESPACE": "other",
                "INSTANCE_IPS": "10.0.0.9, fd00::9",
                "LABELS": {"app": "web"},
                "CLUSTER_ID": "cluster1",
                "REQUESTED_NETWORK_VIEW": "n1,n2",
                "POD_PORTS": '[{"name":"http","containerPort":8080,"protocol":"TCP"},{"containerPort":9}]',
                "DNS_CAPTURE": "true",
                "PROXY_CONFIG": {"discoveryAddress": "istiod:15012"},
                "SOMETHING_ELSE": 3,
            },
            cluster="web.shop",
            locality={"region": "r", "zone": "z"},
            user_agent_build_version={"version": {"major_number": 1, "minor_number": 40}},
        )
    )
    assert (node.type, node.id, node.namespace) == (NodeType.SIDECAR, "web-1.shop", "other")
    assert node.addresses == ("10.0.0.9", "fd00::9")
    assert node.locality == Locality("r", "z")
    assert node.details.labels == {"app": "web"}
    assert node.network_view == ("n1", "n2")
    assert node.pod_ports == (Port("http", 8080, "TCP"), Port("", 9, "TCP"))
    assert node.dns_capture
    assert node.is_proxy
    assert node.envoy_version == "1.40.0"
    assert node.metadata["SOMETHING_ELSE"] == 3


def test_without_metadata_the_id_tells_the_rest():
    node = parse_node(message("router~fd00::1~gw.edge~edge.svc.cluster.local"))
    assert (node.type, node.namespace, node.addresses) == (NodeType.ROUTER, "edge", ("fd00::1",))
    assert not node.is_proxy
    assert not node.dns_capture
    assert node.pod_ports == ()


def test_invalid_instance_addresses_leave_the_ids():
    assert parse_node(message(metadata={"INSTANCE_IPS": "nonsense"})).addresses == ("10.0.0.1",)


@pytest.mark.parametrize(
    ("node_id", "metadata", "problem"),
    [
        ("", None, "missing node information"),
        ("sidecar~10.0.0.1~web.shop", None, "not of the form"),
        ("sidecar~10.0.0.1~web~shop~x", None, "not of the form"),
        ("toaster~10.0.0.1~web.shop~d", None, "node type 'toaster' is none of"),
        ("sidecar~~web.shop~d", None, "no valid IP address"),
        (ID, {"LABELS": "app=web"}, "node metadata: Expected `object`"),
        (ID, {"POD_PORTS": "rubbish"}, "POD_PORTS"),
        (ID, {"POD_PORTS": '{"a": 1}'}, "POD_PORTS"),
    ],
)
def test_what_is_wrong_with_a_node_is_named(node_id, metadata, problem):
    with pytest.raises(Refused, match=problem) as caught:
        parse_node(message(node_id, metadata))
    assert caught.value.code is Code.INVALID_ARGUMENT


WEB = SpiffeId("cluster.local", "shop", "web")


@pytest.mark.parametrize(
    ("identity", "metadata"),
    [
        (WEB, {}),
        (WEB, {"SERVICE_ACCOUNT": "web"}),
        (SpiffeId("elsewhere", "shop", "web"), {"SERVICE_ACCOUNT": "web"}),
    ],
)
def test_a_caller_of_the_namespace_and_account_may_be_the_node(identity, metadata):
    check_identity(parse_node(message(metadata=metadata)), Caller((identity,), "token"))


@pytest.mark.parametrize(
    ("identities", "metadata"),
    [((), {}), ((WEB,), {"NAMESPACE": "bank"}), ((WEB,), {"SERVICE_ACCOUNT": "admin"})],
)
def test_another_caller_may_not(identities, metadata):
    with pytest.raises(Refused) as caught:
        check_identity(parse_node(message(metadata=metadata)), Caller(identities, "token"))
    assert caught.value.code is Code.PERMISSION_DENIED
