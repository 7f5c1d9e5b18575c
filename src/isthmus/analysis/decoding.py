"""From objects as JSON values to a snapshot of a cluster. Pure; objects may come from an API server or from files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from isthmus.analysis.cluster_codes import MESH_SETTINGS
from isthmus.analysis.codes import SCHEMA_ERROR
from isthmus.analysis.finding import Finding, Origin, found
from isthmus.analysis.snapshot import ClusterSnapshot, Entry
from isthmus.api import mesh_config_layers, mesh_networks
from isthmus.api.config import Config, row
from isthmus.api.core_namespace import Namespace
from isthmus.api.core_pod import Pod
from isthmus.api.core_secret import ConfigMap, Secret
from isthmus.api.core_service import Service
from isthmus.api.core_webhook import WebhookConfiguration
from isthmus.api.kinds import DEFINITIONS
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.mesh_networks import MeshNetworks
from isthmus.api.reason import problem_of
from isthmus.api.wire import Object, ObjectMeta, Wire
from isthmus.validation.validate import kind_of, validate, without_nulls

Written = dict[str, Any]

CORE: Mapping[str, tuple[str, type[Wire]]] = {
    "ConfigMap": ("config_maps", ConfigMap),
    "MutatingWebhookConfiguration": ("injectors", WebhookConfiguration),
    "Namespace": ("namespaces", Namespace),
    "Pod": ("pods", Pod),
    "Secret": ("secrets", Secret),
    "Service": ("services", Service),
}
"""Core kinds that are looked at: where they are in a snapshot and their wire form."""

UNNAMED = "Kubernetes"
"""What proxies call their cluster when nobody named it."""

_CORE_GROUPS = frozenset({"v1", "admissionregistration.k8s.io/v1"})
_ISTIO_FIELDS = {
    "DestinationRule": "destination_rules",
    "Gateway": "gateways",
    "ServiceEntry": "service_entries",
    "Sidecar": "sidecars",
    "VirtualService": "virtual_services",
}
_ISTIO_GROUPS = frozenset(definition.group for definition in DEFINITIONS)


class Located(msgspec.Struct, frozen=True):
    """An object and where it was read: ``file:line``, or nothing for an API server."""

    written: Written
    reference: str = ""


def decode(base: ClusterSnapshot, objects: Iterable[Located]) -> tuple[ClusterSnapshot, list[Finding]]:
    """The snapshot ``base`` with objects in it; a later object replaces an earlier one of the same name.

    Objects of other kinds are left out. Core objects that do not decode are left out and reported; Istio
    objects that are not valid are kept as written only, for the analyzer that reports them.
    """
    unique: dict[tuple[str, str, str], tuple[Origin, Written]] = {}
    for entry in objects:
        origin = origin_of(base.name, entry)
        unique[origin.kind, origin.namespace, origin.name] = origin, entry.written
    fields: dict[str, list[Entry[Any]]] = {}
    findings: list[Finding] = []
    for origin, written in unique.values():
        try:
            for field, value in _values(base.name, origin, written):
                fields.setdefault(field, []).append(Entry(origin, value))
        except msgspec.ValidationError as error:
            findings.append(found(SCHEMA_ERROR, origin, problem_of(error)))
    tuples = {field: tuple(entries) for field, entries in fields.items()}
    return msgspec.structs.replace(base, **tuples), findings


def origin_of(cluster: str, entry: Located) -> Origin:
    """Where an object is."""
    metadata = entry.written.get("metadata") or {}
    namespace, name = str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
    return Origin(cluster, str(entry.written.get("kind", "")), namespace, name, entry.reference)


def _values(cluster: str, origin: Origin, written: Written) -> list[tuple[str, Any]]:
    """The fields of a snapshot that an object belongs into."""
    version, kind = str(written.get("apiVersion", "")), origin.kind
    if version in _CORE_GROUPS and kind in CORE:
        field, wire = CORE[kind]
        return [(field, msgspec.convert(without_nulls(written), wire))]
    if version.partition("/")[0] not in _ISTIO_GROUPS:
        return []
    values: list[tuple[str, Any]] = [("written", written)]
    config = _config(cluster, written)
    if config is not None and kind in _ISTIO_FIELDS:
        values.append((_ISTIO_FIELDS[kind], config))
    return values


def _config(cluster: str, written: Written) -> Config[Any] | None:
    definition = kind_of(written)
    if definition is None or validate(definition, written)[0]:
        return None
    metadata = msgspec.convert(without_nulls(written.get("metadata") or {}), ObjectMeta)
    spec = msgspec.convert(without_nulls(written.get("spec") or {}), definition.spec, strict=False)
    return row(cluster, Object(metadata=metadata, spec=spec))


class InjectorValues(msgspec.Struct, frozen=True):
    """What an injector tells the proxies of its cluster about themselves; empty where nothing was set."""

    cluster: str = ""
    mesh: str = ""


def cluster_id(objects: Iterable[Located], system_namespace: str) -> str:
    """The cluster's id as its injector knows it (``global.multiCluster.clusterName``), else ``Kubernetes``."""
    names = (values.cluster for values in injector_values(objects, system_namespace))
    return next((name for name in names if name), UNNAMED)


def injector_values(objects: Iterable[Located], system_namespace: str) -> list[InjectorValues]:
    """The values of every revision's injector, out of its ConfigMap."""
    found = []
    for entry in objects:
        origin = origin_of("", entry)
        here = (origin.kind, origin.namespace) == ("ConfigMap", system_namespace)
        if here and origin.name.startswith("istio-sidecar-injector"):
            found.append(_values_of(entry.written))
    return found


def _values_of(config_map: Written) -> InjectorValues:
    try:
        settings = json.loads((config_map.get("data") or {}).get("values", "{}"))["global"]
        name = (settings.get("multiCluster") or {}).get("clusterName")
        return InjectorValues(str(name or ""), str(settings.get("meshID") or ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return InjectorValues()


def mesh_settings(
    cluster: ClusterSnapshot, system_namespace: str, revision: str = ""
) -> tuple[MeshConfig, MeshNetworks, list[Finding]]:
    """The mesh's settings and networks out of the cluster's ConfigMap, and ISM0113 for each problem in it."""
    name = f"istio-{revision}" if revision and revision != "default" else "istio"
    for entry in cluster.config_maps:
        if (entry.origin.namespace, entry.origin.name) == (system_namespace, name):
            config, problems = mesh_config_layers.parse(entry.value.data.get("mesh", ""))
            networks, more = mesh_networks.parse(entry.value.data.get("meshNetworks", ""))
            return config, networks, [found(MESH_SETTINGS, entry.origin, each) for each in (*problems, *more)]
    return MeshConfig(), MeshNetworks(), []
