"""``kube-inject``: puts the proxy into workloads of a file, with the engine that the webhook runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from isthmus.cli.options import Target, cluster_options, run

if TYPE_CHECKING:
    from isthmus.inject.documents import Inject

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where configuration, values and mesh settings come from: files, an IstioOperator file, else the cluster."""

    inject_file: Path | None
    mesh_file: Path | None
    values_file: Path | None
    inject_config_map: str
    mesh_config_map: str
    operator_file: str
    webhook: str
    revision: str

    @property
    def offline(self) -> bool:
        """Whether no cluster needs to be asked."""
        return bool(self.operator_file) or None not in (self.inject_file, self.mesh_file, self.values_file)

    @property
    def names_templates(self) -> bool:
        """Whether the user says where templates are to come from."""
        return bool(self.inject_file or self.inject_config_map or self.values_file)

    @property
    def usual_webhook(self) -> str:
        """The webhook configuration of the revision, as the charts name it."""
        suffix = f"-{self.revision}" if self.revision not in ("", "default") else ""
        return f"istio-sidecar-injector{suffix}"


@click.command("kube-inject")
@click.option("-f", "--filename", type=click.File("r"), required=True, help="Kubernetes objects; - is stdin.")
@click.option("-o", "--output", type=click.File("w"), default="-", help="Output; stdout when not given.")
@click.option("--injectConfigFile", "inject_file", type=_FILE, help="Injection configuration: templates and policy.")
@click.option("--meshConfigFile", "mesh_file", type=_FILE, help="Mesh configuration.")
@click.option("--valuesFile", "values_file", type=_FILE, help="Helm values of the injection templates.")
@click.option("--injectConfigMapName", "inject_config_map", default="", hidden=True, metavar="NAME")
@click.option("--meshConfigMapName", "mesh_config_map", default="", metavar="NAME", help="ConfigMap of the mesh.")
@click.option(
    "--operatorFileName", "operator_file", default="", metavar="FILE", help="IstioOperator file to take settings from."
)
@click.option("--webhookConfig", "webhook", default="", metavar="NAME", help="Configuration whose webhook to ask.")
@click.option("-r", "--revision", default="", help="Revision of the control plane.")
@cluster_options
def kube_inject(
    target: Target,
    filename: Any,
    output: Any,
    inject_file: Path | None,
    mesh_file: Path | None,
    values_file: Path | None,
    inject_config_map: str,
    mesh_config_map: str,
    operator_file: str,
    webhook: str,
    revision: str,
) -> None:
    """Injects the proxy into Kubernetes objects.

    Reads objects from a file and writes them with the proxy added, ready for ``kubectl apply``. The templates
    and settings are those of the cluster's control plane, or of files. A cluster whose control plane is elsewhere
    has none: there its webhook is asked.

    \b
    Examples:
      isthmus kube-inject -f deployment.yaml | kubectl apply -f -
      kubectl get deployment -o yaml | isthmus kube-inject -f - | kubectl apply -f -
      isthmus kube-inject -f deployment.yaml --injectConfigFile config.yaml \\
        --meshConfigFile mesh.yaml --valuesFile values.json
    """
    sources = Sources(
        inject_file=inject_file,
        mesh_file=mesh_file,
        values_file=values_file,
        inject_config_map=inject_config_map,
        mesh_config_map=mesh_config_map,
        operator_file=operator_file,
        webhook=webhook,
        revision=revision,
    )
    output.write(_injected(filename.read(), target, sources))


def _injected(text: str, target: Target, sources: Sources) -> str:
    from isthmus.api.yaml_text import YamlError, documents
    from isthmus.cli.go_yaml import dump
    from isthmus.inject.documents import injected_document
    from isthmus.inject.errors import InjectionError

    def note(message: str) -> None:
        print(message, file=sys.stderr)

    try:
        objects = documents(text)
        inject = _injector(target, sources)
        changed = [injected_document(each, inject, note) if isinstance(each, dict) else each for each in objects]
    except (YamlError, InjectionError) as error:
        raise click.ClickException(str(error)) from None
    return "".join(dump(each) + "---\n" for each in changed)


def _injector(target: Target, sources: Sources) -> Inject:
    """The engine with the sources' settings, or a webhook: the one that is named, or that of a cluster without any."""
    from isthmus.cli.kube_inject_sources import NoTemplatesError, settings_of
    from isthmus.inject.pod import inject

    if sources.webhook:
        return _asking(target, sources.webhook)
    try:
        settings = run(settings_of(target, sources))
    except NoTemplatesError as missing:
        if sources.names_templates:
            raise
        try:
            return _asking(target, sources.usual_webhook)
        except click.ClickException:
            raise missing from None
    return lambda pod, owner: inject(pod, settings, owner).pod


def _asking(target: Target, name: str) -> Inject:
    from isthmus.cli.kube_inject_webhook import ask, webhook_of

    webhook = run(webhook_of(target, name))
    return lambda pod, owner: run(ask(target, webhook, pod, owner))
