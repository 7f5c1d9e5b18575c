"""AuthorizationPolicies as Envoy's rules: what one rule matches, on HTTP and on TCP ports."""

from typing import Any

import msgspec
import pytest
from google.protobuf.json_format import MessageToDict

from isthmus.api.authorization_policy import AuthorizationPolicy
from isthmus.api.config import Config
from isthmus.protos import pb
from isthmus.translate.authorization.filters import authorization, compiled

TRUSTED = ("mesh", "old")
HOST = {"suffix": ".com", "ignore_case": True}


def policy(spec: dict[str, Any], **fields: Any) -> Config[AuthorizationPolicy]:
    decoded = msgspec.convert(spec, AuthorizationPolicy, strict=False)
    given = {"cluster": "c", "namespace": "shop", "name": "p", "created": "", "labels": {}, "annotations": {}}
    return Config(**(given | fields), spec=decoded)


def rule(rule: dict[str, Any], action: str = "ALLOW", *, tcp: bool = False) -> Any:
    """Principals and permissions of one rule; None when it never matches."""
    found = compiled(policy({"action": action, "rules": [rule]}), TRUSTED)
    assert found is not None
    named = found.tcp if tcp else found.http
    if not named:
        return None
    ((name, body),) = named
    assert name == "ns[shop]-policy[p]-rule[0]"
    message = MessageToDict(pb("envoy.config.rbac.v3.Policy").FromString(body), preserving_proto_field_name=True)
    return message["principals"], message["permissions"]


def caller(**source: Any) -> Any:
    found = rule({"from": [{"source": source}]})
    return found and found[0][0]


def request(**operation: Any) -> Any:
    found = rule({"to": [{"operation": operation}]})
    return found and found[1][0]


def named(**matcher: Any) -> dict[str, Any]:
    return {"authenticated": {"principal_name": matcher}}


def regex(text: str) -> dict[str, Any]:
    return {"safe_regex": {"regex": text}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"principals": ["other/ns/a/sa/b"]}, named(exact="spiffe://other/ns/a/sa/b")),
        ({"principals": ["*"]}, named(**regex(".+"))),
        ({"principals": ["*/sa/b"]}, named(suffix="/sa/b")),
        ({"principals": ["other/ns/a*"]}, named(prefix="spiffe://other/ns/a")),
        ({"namespaces": ["front-*"]}, named(**regex(r".*/ns/front\-.*/.*"))),
        ({"serviceAccounts": ["batch"]}, named(**regex(".*/ns/shop/sa/batch"))),
        ({"serviceAccounts": ["a/b"]}, named(**regex(".*/ns/a/sa/b"))),
        ({"trustDomains": ["other"]}, named(**regex("spiffe://other/.*"))),
        ({"ipBlocks": ["10.1.2.3"]}, {"direct_remote_ip": {"address_prefix": "10.1.2.3", "prefix_len": 32}}),
        ({"remoteIpBlocks": ["10.0.0.0/8"]}, {"remote_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}),
        ({"notNamespaces": ["a"]}, {"not_id": named(**regex(".*/ns/a/.*"))}),
        ({"requestPrincipals": ["*"]}, {"not_id": {"any": True}}),
    ],
)
def test_a_caller_is_told_by_certificate_and_address(source: dict[str, Any], expected: dict[str, Any]) -> None:
    assert caller(**source) == expected


def test_the_meshs_own_trust_domain_stands_for_its_aliases() -> None:
    both = [named(exact="spiffe://mesh/ns/a/sa/b"), named(exact="spiffe://old/ns/a/sa/b")]
    for domain in ("mesh", "old", "cluster.local"):
        assert caller(principals=[f"{domain}/ns/a/sa/b"]) == {"or_ids": {"ids": both}}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"methods": ["GET"]}, {"header": {"name": ":method", "string_match": {"exact": "GET"}}}),
        (
            {"hosts": ["*.com"]},
            {"header": {"name": ":authority", "string_match": {"suffix": ".com", "ignore_case": True}}},
        ),
        ({"hosts": ["*"]}, {"header": {"name": ":authority", "present_match": True}}),
        ({"paths": ["/a*"]}, {"url_path": {"path": {"prefix": "/a"}}}),
        ({"paths": ["/a/{*}/b/{**}"]}, {"url_path": {"path": regex("/a/[^/]+/b/.*")}}),
        ({"ports": ["8080"]}, {"destination_port": 8080}),
        ({"notPorts": ["8080"]}, {"not_rule": {"destination_port": 8080}}),
    ],
)
def test_a_request_is_told_by_what_it_asks_for(operation: dict[str, Any], expected: dict[str, Any]) -> None:
    assert request(**operation) == expected


def test_all_fields_must_match_and_any_value_of_a_field_suffices() -> None:
    found = request(methods=["GET", "HEAD"], ports=["80"])
    either = [{"header": {"name": ":method", "string_match": {"exact": each}}} for each in ("GET", "HEAD")]
    assert found == {"and_rules": {"rules": [{"destination_port": 80}, {"or_rules": {"rules": either}}]}}


def test_conditions_hold_for_every_caller_and_request() -> None:
    principals, permissions = rule(
        {
            "from": [{"source": {"namespaces": ["a"]}}, {"source": {"namespaces": ["b"]}}],
            "when": [{"key": "request.headers[x]", "values": ["1"]}, {"key": "source.ip", "notValues": ["10.0.0.1"]}],
        }
    )
    elsewhere = {"not_id": {"direct_remote_ip": {"address_prefix": "10.0.0.1", "prefix_len": 32}}}
    assert [each["and_ids"]["ids"][1] for each in principals] == [elsewhere, elsewhere]
    assert permissions == [{"header": {"name": "x", "string_match": {"exact": "1"}}}]


def test_an_empty_rule_matches_everything() -> None:
    assert rule({}) == ([{"any": True}], [{"any": True}])


def test_a_tcp_port_narrows_permissions_and_widens_denials_by_http() -> None:
    by_method = {"to": [{"operation": {"methods": ["GET"], "ports": ["80"]}}]}
    assert rule(by_method, tcp=True) is None
    assert rule(by_method, "DENY", tcp=True) == ([{"any": True}], [{"destination_port": 80}])


def test_an_attribute_that_nobody_knows_permits_nothing_and_is_no_exception_from_a_denial() -> None:
    unknown = {"when": [{"key": "experimental.envoy.filters.a[b]", "values": ["c"]}]}
    assert rule(unknown) is None
    assert rule(unknown, "DENY") == ([{"any": True}], [{"any": True}])


def actions(*policies: Config[AuthorizationPolicy]) -> list[str]:
    """The actions of the HTTP filters, in order."""
    found = [one for each in policies if (one := compiled(each, TRUSTED))]
    kind = pb("envoy.extensions.filters.http.rbac.v3.RBAC")
    configs = (kind.FromString(each.typed_config.value) for each in authorization(found).http_filters())
    return [MessageToDict(config, always_print_fields_with_no_presence=True)["rules"]["action"] for config in configs]


def test_denials_come_before_permissions_and_watching_does_nothing() -> None:
    allow, deny = policy({"rules": [{}]}), policy({"action": "DENY", "rules": [{}]})
    assert actions(allow, deny) == ["DENY", "ALLOW"]
    assert actions(policy({"action": "CUSTOM", "rules": [{}]})) == ["DENY"]
    assert actions(policy({"action": "AUDIT", "rules": [{}]})) == []
    assert actions(policy({"rules": [{}]}, annotations={"istio.io/dry-run": "true"})) == []
    assert actions() == []


def test_a_policy_is_for_its_namespace_or_from_the_root_and_for_the_labels_or_the_gateway_that_it_names() -> None:
    def applies(spec: dict[str, Any], where: str, labels: dict[str, str], **fields: Any) -> bool:
        found = compiled(policy({**spec, "rules": [{}]}, **fields), TRUSTED)
        return found is not None and found.applies(where, labels, "istio-system")

    assert applies({}, "shop", {})
    assert not applies({}, "elsewhere", {})
    assert applies({}, "elsewhere", {}, namespace="istio-system")
    assert applies({"selector": {"matchLabels": {"a": "b"}}}, "shop", {"a": "b", "c": "d"})
    assert not applies({"selector": {"matchLabels": {"a": "b"}}}, "shop", {})
    gateway = {"targetRefs": [{"kind": "Gateway", "group": "gateway.networking.k8s.io", "name": "g"}]}
    assert applies(gateway, "shop", {"gateway.networking.k8s.io/gateway-name": "g"})
    assert not applies(gateway, "shop", {})
