"""The objects that are made for a Gateway, from a template; pure.

Knows what the template ``kube-gateway`` sees, and how a ConfigMap of the user's changes what comes out. Does not
know Kubernetes' API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from isthmus.api.config import Config
from isthmus.api.gateway_api.gateway import Gateway, Infrastructure
from isthmus.api.strategic_merge import patched
from isthmus.api.yaml_text import YamlError, document, documents
from isthmus.gotemplate import TemplateError, render
from isthmus.translate.gateway_api import names
from isthmus.translate.gateway_api.services import name_of

Json = dict[str, Any]
TEMPLATE = "kube-gateway"
MANAGED = "gateway.istio.io/managed"
MANAGED_BY = "istio.io-gateway-controller"
SERVICE_TYPE = "networking.istio.io/service-type"
SERVICE_ACCOUNT = "gateway.istio.io/service-account"
_STATUS_PORT = 15021
_APP_PROTOCOLS = {"HTTP": "http", "HTTPS": "https", "TLS": "tls", "TCP": "tcp"}
_NOT_HANDED_ON = ("kubectl.kubernetes.io/last-applied-configuration", names.NAME_OVERRIDE, SERVICE_TYPE)
OVERLAYS = {
    "serviceAccount": "ServiceAccount",
    "deployment": "Deployment",
    "service": "Service",
    "horizontalPodAutoscaler": "HorizontalPodAutoscaler",
    "podDisruptionBudget": "PodDisruptionBudget",
}
"""Keys of the ConfigMap that ``infrastructure.parametersRef`` names: each a patch of one object, as YAML."""


class DeploymentError(ValueError):
    """Objects that cannot be made: says which template or which ConfigMap is at fault, and how."""


class Making(msgspec.Struct, frozen=True):
    """What the objects of one Gateway are made from besides it. ``parameters`` are the user's patches."""

    uid: str
    template: str
    values: Mapping[str, Any]
    revision: str
    parameters: Mapping[str, str] = {}


def objects_for(gateway: Config[Gateway], making: Making) -> list[Json]:
    """The objects, ready to be applied; DeploymentError for a template or patches that cannot be used."""
    try:
        text = render(making.template, _data(gateway, making), name=TEMPLATE)
        found = [one for one in documents(text) if isinstance(one, dict)]
    except (TemplateError, YamlError) as error:
        raise DeploymentError(f"injection template {TEMPLATE}: {error}") from None
    return [*_patched(found, gateway, making.parameters)]


def ports_of(gateway: Gateway) -> list[Json]:
    """The ports of the Service: those of the listeners, and the one that tells whether a proxy is ready."""
    ports: dict[int, Json] = {_STATUS_PORT: _port("status-port", _STATUS_PORT, "tcp")}
    for listener in gateway.listeners:
        if listener.protocol in _APP_PROTOCOLS and listener.port not in ports:
            name = _port_name(listener.name, {str(one["name"]) for one in ports.values()})
            ports[listener.port] = _port(name, listener.port, _APP_PROTOCOLS[listener.protocol])
    return list(ports.values())


def _data(gateway: Config[Gateway], making: Making) -> Json:
    infrastructure = gateway.spec.infrastructure or Infrastructure(
        labels=gateway.labels, annotations=gateway.annotations
    )
    name = name_of(gateway)
    addresses = gateway.spec.addresses
    return {
        "Name": gateway.name,
        "Namespace": gateway.namespace,
        "UID": making.uid,
        "GatewayClass": gateway.spec.gateway_class_name,
        "DeploymentName": name,
        "ServiceAccount": gateway.annotations.get(SERVICE_ACCOUNT, name),
        "ServiceType": gateway.annotations.get(SERVICE_TYPE, "LoadBalancer"),
        "StaticAddress": addresses[0].value if addresses else "",
        "Ports": ports_of(gateway.spec),
        "InfrastructureLabels": dict(infrastructure.labels),
        "InfrastructureAnnotations": {
            key: value for key, value in infrastructure.annotations.items() if key not in _NOT_HANDED_ON
        },
        "ManagedBy": MANAGED_BY,
        "Revision": making.revision,
        "Values": making.values,
    }


def _port(name: str, number: int, protocol: str) -> Json:
    return {"name": name, "port": number, "protocol": "TCP", "appProtocol": protocol}


def _port_name(listener: str, taken: set[str]) -> str:
    """A listener's name as a port may be called: a DNS label that no other port has."""
    label = re.sub(r"[^a-z0-9-]", "-", listener.lower())[:63].strip("-") or "listener"
    candidates = [label, *(f"{label[:59]}-{number}" for number in range(2, len(taken) + 3))]
    return next(one for one in candidates if one not in taken)


def _patched(found: Iterable[Json], gateway: Config[Gateway], parameters: Mapping[str, str]) -> Iterable[Json]:
    patches = {OVERLAYS[key]: _patch(key, text) for key, text in parameters.items() if key in OVERLAYS}
    for one in (*found, *_optional(gateway, [one for one in found if one["kind"] == "Deployment"], patches)):
        yield patched(one, patches[one["kind"]]) if one["kind"] in patches else one


def _patch(key: str, text: str) -> Json:
    try:
        patch = document(text)
    except YamlError as error:
        raise DeploymentError(f"parametersRef, key {key}: {error}") from None
    if not isinstance(patch, dict):
        raise DeploymentError(f"parametersRef, key {key}: expected a map, a patch of a {OVERLAYS[key]}")
    return patch


def _optional(gateway: Config[Gateway], deployments: list[Json], patches: Mapping[str, Json]) -> Iterable[Json]:
    """Objects that are there only when the user describes them."""
    for deployment in deployments:
        metadata = {name: value for name, value in deployment["metadata"].items() if name != "annotations"}
        if "HorizontalPodAutoscaler" in patches:
            target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"]}
            spec: Json = {"scaleTargetRef": target, "maxReplicas": 1}
            yield _object("autoscaling/v2", "HorizontalPodAutoscaler", metadata, spec)
        if "PodDisruptionBudget" in patches:
            spec = {"selector": {"matchLabels": {names.GATEWAY_LABEL: gateway.name}}}
            yield _object("policy/v1", "PodDisruptionBudget", metadata, spec)


def _object(version: str, kind: str, metadata: Json, spec: Json) -> Json:
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
