"""Field names as protobuf JSON prefers them."""

from isthmus.cli.envoy.json_names import camel_names

CLUSTER = "envoy.config.cluster.v3.Cluster"


def test_fields_are_renamed_and_keys_of_maps_are_not() -> None:
    found = {
        "name": "x",
        "connect_timeout": "10s",
        "eds_cluster_config": {"service_name": "x"},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "metadata": {"filter_metadata": {"istio": {"default_original_port": 80}}},
    }
    assert camel_names(found, CLUSTER) == {
        "name": "x",
        "connectTimeout": "10s",
        "edsClusterConfig": {"serviceName": "x"},
        "typedExtensionProtocolOptions": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicitHttpConfig": {"http2ProtocolOptions": {}},
            }
        },
        "metadata": {"filterMetadata": {"istio": {"default_original_port": 80}}},
    }


def test_types_that_are_not_known_stay_as_they_are() -> None:
    unknown = {"@type": "type.googleapis.com/vendor.Thing", "some_field": 1}
    found = {"transport_socket": {"name": "t", "typed_config": unknown}, "not_a_field": 2}
    assert camel_names(found, CLUSTER) == {
        "transportSocket": {"name": "t", "typedConfig": unknown},
        "not_a_field": 2,
    }
