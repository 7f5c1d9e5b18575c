"""A real API server takes the generated CRDs, and holds users' objects to them."""

from pathlib import Path
from typing import Any

import pytest

from isthmus.api.kinds import DEFINITIONS
from isthmus.api.yaml_text import documents
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError

EXAMPLES = [
    document
    for path in sorted((Path(__file__).parents[2] / "cases/kinds").glob("*.yaml"))
    for document in documents(path.read_text())
]


async def create(client: Client, namespace: str, written: dict[str, Any]) -> dict[str, Any]:
    kind = await client.kind_of(written["apiVersion"], written["kind"])
    metadata = {**written.get("metadata", {"name": "sample"}), "namespace": namespace}
    return await client.create(kind, {**written, "metadata": metadata})


def networking(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "spec": spec}


def security(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "security.istio.io/v1", "kind": kind, "spec": spec}


def text_keys(value: Any) -> Any:
    """JSON has no numbers as keys; YAML has."""
    match value:
        case dict():
            return {str(key): text_keys(entry) for key, entry in value.items()}
        case list():
            return [text_keys(entry) for entry in value]
    return value


async def test_every_example_is_stored_as_it_was_written(client: Client, namespace: str) -> None:
    for example in EXAMPLES:
        stored = await create(client, namespace, example)
        assert stored["spec"] == text_keys(example["spec"]), example["metadata"]["name"]


async def test_every_version_of_a_kind_shows_the_same_object(client: Client, namespace: str) -> None:
    await create(client, namespace, next(e for e in EXAMPLES if e["metadata"]["name"] == "cross-network-gateway"))
    specs = [
        (await client.get(await client.kind_of(version, "Gateway"), "cross-network-gateway", namespace=namespace))[
            "spec"
        ]
        for version in ("networking.istio.io/v1alpha3", "networking.istio.io/v1beta1", "networking.istio.io/v1")
    ]
    assert specs[0] == specs[1] == specs[2]


async def test_every_crd_has_its_names_and_no_complaint_about_its_schema(client: Client, namespace: str) -> None:
    for definition in DEFINITIONS:
        crd = await client.get(kinds.CUSTOM_RESOURCE_DEFINITION, definition.name)
        conditions = {entry["type"]: entry["status"] for entry in crd["status"]["conditions"]}
        assert conditions["NamesAccepted"] == "True"
        assert conditions["Established"] == "True"
        assert "NonStructuralSchema" not in conditions
        assert crd["status"]["acceptedNames"].get("shortNames", []) == list(definition.short_names)


async def test_fields_that_no_model_knows_are_pruned_but_free_form_parts_are_kept(
    client: Client, namespace: str
) -> None:
    unknown = {"hosts": ["a"], "htpp": [], "http": [{"name": "n", "route": [], "colour": "red"}]}
    stored = await create(client, namespace, networking("VirtualService", unknown))
    assert stored["spec"] == {"hosts": ["a"], "http": [{"name": "n", "route": []}]}

    value = {"name": "x", "typed_config": {"@type": "t", "anything": [1, {"deep": None}]}}
    patch = {"applyTo": "CLUSTER", "patch": {"operation": "MERGE", "value": value}}
    written = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "spec": {"configPatches": [patch]},
    }
    assert (await create(client, namespace, written))["spec"]["configPatches"][0]["patch"]["value"] == value


REFUSED = {
    "a port number that is text": (
        networking("Gateway", {"servers": [{"port": {"number": "80", "name": "h", "protocol": "HTTP"}, "hosts": []}]}),
        "spec.servers[0].port.number",
    ),
    "a server without hosts": (
        networking("Gateway", {"servers": [{"port": {"number": 80, "name": "h", "protocol": "HTTP"}}]}),
        "spec.servers[0].hosts",
    ),
    "a TLS mode that does not exist": (
        networking(
            "Gateway",
            {
                "servers": [
                    {"port": {"number": 1, "name": "h", "protocol": "TLS"}, "hosts": ["*"], "tls": {"mode": "NONE"}}
                ]
            },
        ),
        "spec.servers[0].tls.mode",
    ),
    "a timeout without a unit": (
        networking("VirtualService", {"hosts": ["a"], "http": [{"timeout": "10"}]}),
        "spec.http[0].timeout",
    ),
    "a destination without a host": (
        networking("VirtualService", {"hosts": ["a"], "http": [{"route": [{"destination": {"subset": "v1"}}]}]}),
        "spec.http[0].route[0].destination.host",
    ),
    "two kinds of string match at once": (
        networking("VirtualService", {"hosts": ["a"], "http": [{"match": [{"uri": {"exact": "/a", "prefix": "/b"}}]}]}),
        "spec.http[0].match[0].uri",
    ),
    "a rule without a host": (networking("DestinationRule", {"subsets": []}), "spec.host"),
    "two load balancers at once": (
        networking(
            "DestinationRule",
            {
                "host": "a",
                "trafficPolicy": {"loadBalancer": {"simple": "RANDOM", "consistentHash": {"useSourceIp": True}}},
            },
        ),
        "spec.trafficPolicy.loadBalancer",
    ),
    "a negative limit": (
        networking(
            "DestinationRule",
            {"host": "a", "trafficPolicy": {"outlierDetection": {"consecutive5xxErrors": -1}}},
        ),
        "spec.trafficPolicy.outlierDetection.consecutive5xxErrors",
    ),
    "an object without a spec": (
        {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar"},
        "spec",
    ),
    "an mTLS mode that does not exist": (
        security("PeerAuthentication", {"mtls": {"mode": "ON"}}),
        "spec.mtls.mode",
    ),
    "an issuer that is empty": (
        security("RequestAuthentication", {"jwtRules": [{"issuer": ""}]}),
        "spec.jwtRules[0].issuer",
    ),
    "a policy for a selector and a target": (
        security("AuthorizationPolicy", {"selector": {}, "targetRefs": []}),
        "spec",
    ),
    "a sampling percentage above 100": (
        {
            "apiVersion": "telemetry.istio.io/v1",
            "kind": "Telemetry",
            "spec": {"tracing": [{"randomSamplingPercentage": 101}]},
        },
        "spec.tracing[0].randomSamplingPercentage",
    ),
    "an extension of nothing": (
        {"apiVersion": "extensions.istio.io/v1alpha1", "kind": "TrafficExtension", "spec": {"phase": "AUTHN"}},
        "spec",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_malformed_objects_are_refused_with_the_field_named(client: Client, namespace: str, name: str) -> None:
    written, field = REFUSED[name]
    with pytest.raises(ApiError) as refusal:
        await create(client, namespace, written)
    assert refusal.value.status == 422
    # The API server names the field of a failed oneOf in the message only.
    fields = {cause.field for cause in refusal.value.details.causes}
    assert field in fields or f'"{field}" must validate' in refusal.value.message, refusal.value.message
