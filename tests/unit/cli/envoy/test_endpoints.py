"""``proxy-config endpoints`` from hand-written answers of /clusters."""

from typing import Any

from isthmus.cli.envoy.endpoints import EndpointFilter, endpoints, locality_table, table


def host(address: dict[str, Any], **health: Any) -> dict[str, Any]:
    return {"address": address, "health_status": {"eds_health_status": "HEALTHY", **health}}


def ip(address: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": address, "port_value": port}}


ADMIN = {
    "cluster_statuses": [
        {
            "name": "outbound|5000||helloworld",
            "host_statuses": [
                host(ip("172.30.2.128", 15443), failed_outlier_check=True),
                host(ip("10.10.1.7", 5000)),
                host(ip("10.10.1.6", 5000), eds_health_status="DRAINING"),
            ],
        },
        {
            "name": "sds-grpc",
            "host_statuses": [host({"pipe": {"path": "./var/run/secrets/workload-spiffe-uds/socket"}})],
        },
        {
            "name": "inner",
            "host_statuses": [
                host({"envoy_internal_address": {"server_listener_name": "gateway", "endpoint_id": "10.0.0.1:15443"}})
            ],
        },
        {"name": "empty"},
    ]
}


def test_every_host_has_a_row_with_what_envoy_thinks_of_it() -> None:
    assert table(endpoints(ADMIN, EndpointFilter())).rows == (
        ("envoy://gateway/10.0.0.1:15443", "HEALTHY", "OK", "inner"),
        ("unix://./var/run/secrets/workload-spiffe-uds/socket", "HEALTHY", "OK", "sds-grpc"),
        ("10.10.1.6:5000", "DRAINING", "OK", "outbound|5000||helloworld"),
        ("10.10.1.7:5000", "HEALTHY", "OK", "outbound|5000||helloworld"),
        ("172.30.2.128:15443", "HEALTHY", "FAILED", "outbound|5000||helloworld"),
    )


def test_filters_leave_out_hosts_and_empty_clusters() -> None:
    def shown(**wanted: Any) -> list[str]:
        return [row[0] for row in table(endpoints(ADMIN, EndpointFilter(**wanted))).rows]

    assert shown(port=5000, status="healthy") == ["10.10.1.7:5000"]
    assert shown(address="172.30.2.128") == ["172.30.2.128:15443"]
    assert shown(cluster="inner") == ["envoy://gateway/10.0.0.1:15443"]
    assert shown(cluster="nothing") == []


def test_localities_are_shown_in_the_order_in_which_they_take_over() -> None:
    far = host(ip("10.0.0.1", 80)) | {"locality": {"region": "us", "zone": "us-a"}, "priority": 1}
    near = host(ip("10.0.0.2", 80)) | {"locality": {"region": "eu", "zone": "eu-a", "sub_zone": "rack1"}}
    unknown = host(ip("10.0.0.3", 80)) | {"priority": 2}
    found = endpoints({"cluster_statuses": [{"name": "a", "host_statuses": [unknown, far, near]}]}, EndpointFilter())
    assert locality_table(found).rows == (
        ("10.0.0.2:80", "HEALTHY", "eu/eu-a/rack1", "a"),
        ("10.0.0.1:80", "HEALTHY", "us/us-a", "a"),
        ("10.0.0.3:80", "HEALTHY", "", "a"),
    )
