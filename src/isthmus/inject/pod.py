"""Injection as a whole: a pod and settings in, the injected pod out.

Knows: the steps and their order (Istio's). Does not know how the pod came or where it goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.inject import metadata, path, probes, prometheus
from isthmus.inject.annotations import check_annotations
from isthmus.inject.containers import add_variables, with_proxy
from isthmus.inject.order import ordered
from isthmus.inject.overlay import overlay
from isthmus.inject.overrides import reapplied, with_proxys_user, without_brought
from isthmus.inject.owner import Owner, owner_of
from isthmus.inject.proxy_settings import mesh_for
from isthmus.inject.reinjection import before_injection, record
from isthmus.inject.settings import InjectionSettings, value
from isthmus.inject.template import rendered, selected_templates, template_data

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Injected:
    """The outcome: the pod, and the names of the templates that it was made with."""

    pod: Json
    templates: tuple[str, ...]


def inject(pod: Json, settings: InjectionSettings, owner: Owner | None = None) -> Injected:
    """The pod with its proxy. InjectionError names what is wrong with the pod or the templates.

    Whether the pod is to be injected is another question (``decision``). ``owner`` is the workload, where it
    is known better than the pod tells.
    """
    check_annotations(metadata.annotations_of(pod))
    owner = owner or owner_of(pod)
    mesh = mesh_for(pod, owner.namespace, settings)
    status_port = mesh.default_config.status_port
    network = _network(pod, settings)
    bare = _on_network(before_injection(pod, status_port), network)
    names = selected_templates(pod, settings)
    data = template_data(bare, owner, mesh, settings)
    layers = [rendered(name, data, settings) for name in names]
    brought = _joined({}, layers)
    whole = _joined(without_brought(bare, brought), layers)
    whole = reapplied(whole, pod, brought)
    mode = metadata.annotations_of(pod).get("sidecar.istio.io/interceptionMode", mesh.default_config.interception_mode)
    whole = with_proxys_user(whole, mode)
    finished = _finished(whole, mesh, settings, network)
    status = {metadata.STATUS: record(brought, settings.revision)}
    return Injected(metadata.annotated(finished, status), names)


def _joined(base: Json, layers: Iterable[Json]) -> Json:
    return reduce(overlay, layers, base)


def _network(pod: Json, settings: InjectionSettings) -> str:
    """The pod's network: its own label, the webhook's path, the values; empty when none says so."""
    own = metadata.labels_of(pod).get(metadata.NETWORK, "")
    return own or settings.environment.get(path.NETWORK, "") or str(value(settings.values, "global.network"))


def _on_network(pod: Json, network: str) -> Json:
    return metadata.labelled(pod, {metadata.NETWORK: network}) if network else pod


def _variables(settings: InjectionSettings, network: str) -> dict[str, str]:
    """The proxy's variables that the path sets; the pod's own network stands above the path's."""
    variables = dict(settings.environment)
    return {**variables, path.NETWORK: network} if path.NETWORK in variables else variables


def _finished(pod: Json, mesh: MeshConfig, settings: InjectionSettings, network: str) -> Json:
    """What no template can do, because it depends on the whole pod."""
    status_port = mesh.default_config.status_port
    pod = prometheus.merged(pod, status_port, mesh.enable_prometheus_merge)
    rewrite = bool(value(settings.values, "sidecarInjectorWebhook.rewriteAppHTTPProbe", True))
    pod = probes.rewritten(pod, status_port, rewrite)
    variables = dict(sorted(_variables(settings, network).items()))
    pod = with_proxy(pod, lambda container: add_variables(container, variables))
    pod = metadata.annotated(_on_network(pod, network), settings.config.injected_annotations)
    hold = bool(value(settings.values, "global.proxy.holdApplicationUntilProxyStarts", False))
    return ordered(pod, hold or mesh.default_config.hold_application_until_proxy_starts)
