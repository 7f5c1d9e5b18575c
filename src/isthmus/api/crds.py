"""CustomResourceDefinitions of all Istio kinds, made from the wire forms that the control plane reads.

``python -m isthmus.api.crds > charts/base/files/crds.yaml`` writes the file that the base chart installs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import yaml

from isthmus.api.definition import Column, Definition
from isthmus.api.kinds import DEFINITIONS
from isthmus.api.schema import Schema, schema_of

Manifest = dict[str, Any]

_HEADER = "# Written by `python -m isthmus.api.crds` from the models in src/isthmus/api. Do not edit.\n"
_STATUS: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


class _Dumper(yaml.SafeDumper):
    """Writes repeated parts in full: Helm and people read the file."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_ISTIO_LABELS = {"app": "istio-pilot", "chart": "istio", "heritage": "Tiller", "release": "istio"}


def crd(definition: Definition, labels: Mapping[str, str] = _ISTIO_LABELS) -> Manifest:
    """The CustomResourceDefinition of one kind."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": definition.name,
            "annotations": {"helm.sh/resource-policy": "keep"},
            "labels": dict(labels),
        },
        "spec": {
            "group": definition.group,
            "names": _names(definition),
            "scope": "Namespaced" if definition.namespaced else "Cluster",
            "versions": [_version(definition, version) for version in reversed(definition.versions)],
        },
    }


def manifests() -> list[Manifest]:
    """All CustomResourceDefinitions."""
    return [crd(definition) for definition in DEFINITIONS]


def text() -> str:
    """All CustomResourceDefinitions as one YAML text."""
    return _HEADER + yaml_of(manifests())


def yaml_of(written: Iterable[Manifest]) -> str:
    """Manifests as one YAML text."""
    return yaml.dump_all(written, Dumper=_Dumper, sort_keys=False, width=1000, explicit_start=True)


def _names(definition: Definition) -> Manifest:
    names: Manifest = {
        "kind": definition.kind,
        "listKind": f"{definition.kind}List",
        "plural": definition.plural,
        "singular": definition.singular,
        "categories": list(definition.categories),
    }
    if definition.short_names:
        names["shortNames"] = list(definition.short_names)
    return names


def _version(definition: Definition, version: str) -> Manifest:
    status = schema_of(definition.status) if definition.status else dict(_STATUS)
    schema: Schema = {"type": "object", "properties": {"spec": schema_of(definition.spec), "status": status}}
    if definition.spec_defaulted:
        schema["properties"]["spec"]["default"] = {}
    if definition.spec_required:
        schema["required"] = ["spec"]
    if definition.rules:
        schema["x-kubernetes-validations"] = [msgspec.to_builtins(rule) for rule in definition.rules]
    return {
        "name": version,
        "served": True,
        "storage": version == definition.storage,
        "additionalPrinterColumns": [_column(column) for column in definition.columns],
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }


def _column(column: Column) -> Manifest:
    written: Manifest = {"name": column.name, "type": column.type, "jsonPath": column.path}
    if column.description:
        written["description"] = column.description
    if column.priority:
        written["priority"] = column.priority
    return written


if __name__ == "__main__":
    sys.stdout.write(text())
