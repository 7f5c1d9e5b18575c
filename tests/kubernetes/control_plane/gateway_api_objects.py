"""Objects of the Gateway API as tests write them, and the official CRDs."""

from __future__ import annotations

from typing import Any

import yaml

from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.wait import wait_ready
from isthmus.lab import gateway_api
from isthmus.lab.report import silent

Json = dict[str, Any]


def crds() -> list[Json]:
    """Of the standard channel."""
    directory = gateway_api.tree(silent) / "config" / "crd" / "standard"
    found = (one for path in sorted(directory.glob("*.yaml")) for one in yaml.safe_load_all(path.read_text()))
    return [one for one in found if one and one["kind"] == "CustomResourceDefinition"]


async def install(client: Client) -> None:
    """Applies the CRDs and waits until they are served."""
    for crd in crds():
        await client.apply(kinds.CUSTOM_RESOURCE_DEFINITION, crd)
    for crd in crds():
        await wait_ready(client, kinds.CUSTOM_RESOURCE_DEFINITION, crd["metadata"]["name"], seconds=60)


def gateway(namespace: str, name: str = "edge", **spec: Any) -> Json:
    """A Gateway with an HTTP listener on port 80."""
    listeners = [{"name": "http", "port": 80, "protocol": "HTTP"}]
    return _object("Gateway", namespace, name, {"gatewayClassName": "istio", "listeners": listeners, **spec})


def route(namespace: str, backend: str, *parents: Json, name: str = "route") -> Json:
    """An HTTPRoute that sends everything to port 80 of a Service."""
    rules = [{"backendRefs": [{"name": backend, "port": 80}]}]
    return _object("HTTPRoute", namespace, name, {"parentRefs": list(parents), "rules": rules})


async def give_address(client: Client, namespace: str, service: str, address: str) -> None:
    """Does what a load balancer would."""
    status = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
    writing = Writing(subresource="status")
    await client.merge_patch(kinds.SERVICE, service, status, namespace=namespace, writing=writing)


def _object(kind: str, namespace: str, name: str, spec: Json) -> Json:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
