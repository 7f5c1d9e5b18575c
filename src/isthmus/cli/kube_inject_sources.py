"""Where ``kube-inject`` takes its settings from: files, an IstioOperator file, or the cluster's ConfigMaps.

Knows: names of the ConfigMaps and which source wins. Does not know what is done with the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from isthmus.api import mesh_config_layers
from isthmus.inject.configuration import parse_config, parse_values
from isthmus.inject.native import AUTO
from isthmus.inject.settings import InjectionSettings, value

if TYPE_CHECKING:
    from isthmus.api.config import Config
    from isthmus.api.proxy_config import ProxyConfig
    from isthmus.cli.kube_inject import Sources
    from isthmus.cli.options import Target
    from isthmus.kube.client import Client


class NoTemplatesError(click.ClickException):
    """The cluster has no templates: its control plane, and with it the templates, may be elsewhere."""


class Texts(msgspec.Struct, frozen=True):
    """The three texts that make up the settings."""

    config: str
    values: str
    mesh: str


class Surroundings(msgspec.Struct, frozen=True):
    """What only a cluster knows: kubelet versions by node, and ProxyConfig objects."""

    kubelets: Mapping[str, str] = {}
    proxy_configs: tuple[Config[ProxyConfig], ...] = ()


async def settings_of(target: Target, sources: Sources) -> InjectionSettings:
    """The settings; NoTemplatesError says which source is missing, InjectionError what in it is wrong."""
    if sources.operator_file:
        return _settings(_of_operator(target, sources), Surroundings(), sources.revision)
    if sources.offline:
        return _settings(_of_files(sources, Texts("", "", "")), Surroundings(), sources.revision)
    async with target.client() as client:
        texts = _of_files(sources, await _of_cluster(client, target, sources))
        return _settings(texts, await _surroundings(client), sources.revision)


def _settings(texts: Texts, surroundings: Surroundings, revision: str) -> InjectionSettings:
    values = parse_values(texts.values)
    mesh, problems = mesh_config_layers.layer(texts.mesh)
    for problem in problems:
        click.echo(f"! mesh configuration: {problem}", err=True)
    return InjectionSettings(
        config=parse_config(texts.config),
        values=values,
        mesh=mesh,
        revision=revision or str(value(values, "revision")) or "default",
        native_sidecars=str(value(values, "pilot.env.ENABLE_NATIVE_SIDECARS", AUTO)).lower(),
        kubelets=surroundings.kubelets,
        proxy_configs=surroundings.proxy_configs,
    )


def _of_files(sources: Sources, otherwise: Texts) -> Texts:
    def read(path: Path | None, other: str) -> str:
        return path.read_text() if path else other

    return Texts(
        config=read(sources.inject_file, otherwise.config),
        values=read(sources.values_file, otherwise.values),
        mesh=read(sources.mesh_file, otherwise.mesh),
    )


def _of_operator(target: Target, sources: Sources) -> Texts:
    """What an installation with this file would have."""
    from isthmus.cli.operator_options import Operator

    plan = Operator((sources.operator_file,), (), "", sources.revision).plan(target)
    suffix = f"-{sources.revision}" if sources.revision else ""
    found = {each["metadata"]["name"]: each["data"] for each in plan.objects if each["kind"] == "ConfigMap"}
    injector, mesh = found.get(f"istio-sidecar-injector{suffix}"), found.get(f"istio{suffix}", {})
    if injector is None:
        raise click.ClickException(f"{sources.operator_file} installs no injection templates here")
    return _of_files(sources, Texts(injector["config"], injector["values"], mesh.get("mesh", "")))


async def _of_cluster(client: Client, target: Target, sources: Sources) -> Texts:
    suffix = f"-{sources.revision}" if sources.revision not in ("", "default") else ""
    injector = await _data(client, target, sources.inject_config_map or f"istio-sidecar-injector{suffix}")
    mesh = await _data(client, target, sources.mesh_config_map or f"istio{suffix}")
    return Texts(injector.get("config", ""), injector.get("values", "{}"), mesh.get("mesh", ""))


async def _data(client: Client, target: Target, name: str) -> Mapping[str, str]:
    from isthmus.api.core_secret import ConfigMap
    from isthmus.kube import kinds
    from isthmus.kube.errors import ApiError

    try:
        return (await client.get(kinds.CONFIG_MAP, name, namespace=target.istio_namespace, into=ConfigMap)).data
    except ApiError as error:
        if not error.not_found:
            raise
        raise NoTemplatesError(
            f"ConfigMap {target.istio_namespace}/{name} does not exist: name another namespace (-i) or revision (-r), "
            "ask a webhook (--webhookConfig), or give --injectConfigFile, --meshConfigFile and --valuesFile"
        ) from None


async def _surroundings(client: Client) -> Surroundings:
    from isthmus.api.config import row
    from isthmus.api.core_node import Node
    from isthmus.api.proxy_config import ProxyConfig
    from isthmus.api.wire import Object
    from isthmus.kube import kinds
    from isthmus.kube.errors import ApiError

    nodes = await client.list(kinds.NODE, into=Node)
    try:
        configs = (await client.list(kinds.PROXY_CONFIG, into=Object[ProxyConfig])).items
    except ApiError as error:
        if not error.not_found:
            raise
        configs = ()  # a cluster without the kind has no objects of it
    return Surroundings(
        kubelets={node.metadata.name: node.status.node_info.kubelet_version for node in nodes.items},
        proxy_configs=tuple(row("", config) for config in configs),
    )
