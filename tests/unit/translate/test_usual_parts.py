"""Parts that stand in every other resource, spelled out once; the goldens of ``tests/cases`` abbreviate them."""

from __future__ import annotations

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.service import Protocol
from isthmus.protos import pb, to_dict
from isthmus.translate import alpn, tls
from isthmus.translate.listeners import http_manager
from isthmus.translate.listeners.access_log import JSON, TEXT, access_logs, listener_logs

FROM_AGENT = {
    "api_config_source": {
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "grpc_services": [{"envoy_grpc": {"cluster_name": "sds-grpc"}}],
        "set_node_on_first_message_only": True,
    },
    "initial_fetch_timeout": "0s",
    "resource_api_version": "V3",
}


def test_a_mesh_client_shows_its_certificate_and_knows_its_peers() -> None:
    socket = to_dict(tls.upstream("outbound_.80_._.web", ["spiffe://td/ns/a/sa/b"], tls.ALPN_HTTP2))
    assert socket == {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": "outbound_.80_._.web",
            "common_tls_context": {
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
                "alpn_protocols": ["istio-h2", "istio", "h2"],
                "tls_certificate_sds_secret_configs": [{"name": "default", "sds_config": FROM_AGENT}],
                "combined_validation_context": {
                    "default_validation_context": {
                        "match_typed_subject_alt_names": [
                            {"san_type": "URI", "matcher": {"exact": "spiffe://td/ns/a/sa/b"}}
                        ]
                    },
                    "validation_context_sds_secret_config": {"name": "ROOTCA", "sds_config": FROM_AGENT},
                },
            },
        },
    }


def test_a_mesh_server_wants_a_certificate_of_a_trust_domain_of_the_mesh() -> None:
    mesh = MeshConfig(trust_domain="td", trust_domain_aliases=("old",))
    context = to_dict(tls.downstream(mesh, tls.ALPN_SERVER_TCP))["typed_config"]
    assert context["require_client_certificate"] is True
    common = context["common_tls_context"]
    assert common["alpn_protocols"] == ["istio-peer-exchange", "h2", "http/1.1"]
    assert common["tls_params"] == {
        "tls_minimum_protocol_version": "TLSv1_2",
        "tls_maximum_protocol_version": "TLSv1_3",
        "cipher_suites": [
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "AES256-GCM-SHA384",
            "AES128-GCM-SHA256",
        ],
    }
    names = common["combined_validation_context"]["default_validation_context"]["match_typed_subject_alt_names"]
    assert [name["matcher"]["prefix"] for name in names] == ["spiffe://td/", "spiffe://old/"]


def test_http_filters_stand_in_order() -> None:
    def order(protocol: Protocol, *, outbound: bool) -> list[str]:
        return [
            one.name.removeprefix("envoy.filters.http.") for one in http_manager.filters(protocol, outbound=outbound)
        ]

    assert order(Protocol.HTTP, outbound=False) == ["grpc_stats", "cors", "router"]
    assert order(Protocol.GRPC_WEB, outbound=True) == [
        "grpc_web", "grpc_stats", "set_filter_state", "fault", "cors", "router",
    ]  # fmt: skip


def test_alpn_is_set_for_the_upstream_connection_of_a_request() -> None:
    config = next(iter(alpn.per_request(follows_client=False).values()))
    message = pb("envoy.extensions.filters.http.set_filter_state.v3.Config").FromString(config.value)
    assert to_dict(message) == {
        "on_request_headers": [
            {
                "object_key": "envoy.network.application_protocols",
                "format_string": {"text_format_source": {"inline_string": "istio-http/1.1,istio,http/1.1"}},
                "shared_with_upstream": "ONCE",
            }
        ]
    }


def test_there_is_no_access_log_unless_the_mesh_asks_for_one() -> None:
    assert access_logs(MeshConfig()) == ()
    assert listener_logs(MeshConfig(access_log_file="/dev/stdout", disable_envoy_listener_log=True)) == ()


def test_access_logs_have_istio_s_formats() -> None:
    (text,) = (to_dict(one) for one in access_logs(MeshConfig(access_log_file="/dev/stdout")))
    assert text["typed_config"]["log_format"] == {"text_format_source": {"inline_string": TEXT}}
    (json,) = (
        to_dict(one) for one in listener_logs(MeshConfig(access_log_file="/dev/stdout", access_log_encoding="JSON"))
    )
    assert json["typed_config"]["log_format"] == {"json_format": dict(JSON)}
    assert json["filter"] == {"response_flag_filter": {"flags": ["NR"]}}


def test_an_own_format_ends_its_lines() -> None:
    mesh = MeshConfig(access_log_file="/x", access_log_format="%PROTOCOL%")
    assert to_dict(access_logs(mesh)[0])["typed_config"]["log_format"] == {
        "text_format_source": {"inline_string": "%PROTOCOL%\n"}
    }
