"""The parts of an installation: which chart renders each, with which values, in which wave.

Knows how components become chart values. Does not know how charts are rendered, nor patches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from isthmus.install.errors import InstallError
from isthmus.install.merge_order import Installation
from isthmus.install.operator_file import is_enabled
from isthmus.install.value_tree import Values, copied, put


class Sort(msgspec.Struct, frozen=True):
    """A sort of component: its field in files, its label on objects, its charts, and the wave it is applied in."""

    field: str
    label: str
    title: str
    charts: tuple[str, ...]
    wave: int
    container: str = ""


# Istio's own layout of charts comes second: its manifests can be given with --manifests.
_INGRESS_CHARTS = ("gateways", "gateways/istio-ingress")
_EGRESS_CHARTS = ("gateways", "gateways/istio-egress")
SORTS = (
    Sort("base", "Base", "Base", ("base",), 0),
    Sort("pilot", "Pilot", "Control plane", ("istiod", "istio-control/istio-discovery"), 1, "discovery"),
    Sort("cni", "Cni", "CNI", ("cni", "istio-cni"), 1, "install-cni"),
    Sort("ztunnel", "Ztunnel", "Ztunnel", ("ztunnel",), 2, "istio-proxy"),
    Sort("ingressGateways", "IngressGateways", "Ingress gateway", _INGRESS_CHARTS, 2, "istio-proxy"),
    Sort("egressGateways", "EgressGateways", "Egress gateway", _EGRESS_CHARTS, 2, "istio-proxy"),
)
_SECTIONS = {"ingressGateways": "istio-ingressgateway", "egressGateways": "istio-egressgateway"}


class Component(msgspec.Struct, frozen=True):
    """One part: `workload` is the name of its Deployment, `settings` its `k8s` section."""

    sort: Sort
    workload: str
    namespace: str
    enabled: bool
    values: Mapping[str, Any]
    settings: Mapping[str, Any]
    path: str

    @property
    def title(self) -> str:
        """What people call it."""
        named = self.sort.field in _SECTIONS
        return f"{self.sort.title} {self.workload}" if named else self.sort.title


def components(installation: Installation) -> tuple[Component, ...]:
    """Every component that the installation speaks of, disabled ones too, in the order of application."""
    return tuple(
        component
        for sort in SORTS
        for component in _of_sort(sort, installation, installation.components.get(sort.field))
    )


def _of_sort(sort: Sort, installation: Installation, spec: Any) -> Iterator[Component]:
    if spec is None:
        return
    if sort.field in _SECTIONS:
        for index, entry in enumerate(spec):
            path = f"spec.components.{sort.field}[{index}]"
            yield _component(sort, installation, entry, _gateway_values(sort, installation, entry), path)
    else:
        yield _component(sort, installation, spec, copied(installation.values), f"spec.components.{sort.field}")


def _component(sort: Sort, installation: Installation, spec: Mapping[str, Any], values: Values, path: str) -> Component:
    for field in ("hub", "tag"):
        if spec.get(field):
            put(values, ("global", field), str(spec[field]))
    suffix = f"-{installation.revision}" if installation.revision else ""
    names = {"pilot": f"istiod{suffix}", "cni": "istio-cni-node", "ztunnel": "ztunnel"}
    return Component(
        sort=sort,
        workload=str(spec.get("name") or names.get(sort.field, "")),
        namespace=str(spec.get("namespace") or installation.namespace),
        enabled=is_enabled(spec),
        values=values,
        settings=spec.get("k8s") or {},
        path=path,
    )


def _gateway_values(sort: Sort, installation: Installation, spec: Mapping[str, Any]) -> Values:
    section = _SECTIONS[sort.field]
    values: Values = copied(installation.values)
    values["gateway"] = section
    put(values, ("gateways", section, "name"), spec["name"])
    if spec.get("label"):
        put(values, ("gateways", section, "labels"), copied(spec["label"]))
    ports = ((spec.get("k8s") or {}).get("service") or {}).get("ports")
    if ports:
        put(values, ("gateways", section, "ports"), copied(ports))
    return values


def chart_directory(charts: Path, component: Component) -> Path:
    """Where the component's chart lies. Raises InstallError when this set of charts has none for it."""
    for name in component.sort.charts:
        if (charts / name / "Chart.yaml").is_file():
            return charts / name
    cure = "set enabled: false, or name other charts with --manifests"
    raise InstallError(f"{component.path}: {charts} has no chart for this component; {cure}")
