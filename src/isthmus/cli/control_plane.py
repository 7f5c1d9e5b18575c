"""``isthmus control-plane``: runs the control plane, in a cluster or beside one."""

from __future__ import annotations

import os
from pathlib import Path

import click

from isthmus.control_plane.addresses import Address


class AddressType(click.ParamType[Address | None]):
    """``host:port`` or ``:port``; empty switches a server off."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address | None:
        """The parsed address."""
        try:
            return Address.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class DurationType(click.ParamType[float]):
    """A duration as Go writes it."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        from isthmus.control_plane.settings import duration

        try:
            return duration(str(value))
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


ADDRESS = AddressType()
DURATION = DurationType()
PATH = click.Path(path_type=Path)
# Flags of Istio's pilot-discovery that have no meaning here are accepted, so that its charts and overlays work.
_IGNORED = ("--log_output_level", "--kubernetesApiQPS", "--kubernetesApiBurst",
            "--cniNamespace", "--registries", "--clusterAliases", "--tls-cipher-suites", "--tls-min-version",
            "--shutdownDuration", "--log_as_json", "--profile")  # fmt: skip


class _Command(click.Command):
    """Its help names the variables, which only this process reads, and what is accepted for Istio's charts."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Two sections after the options."""
        from isthmus.control_plane.variables import variables

        with formatter.section("Environment"):
            formatter.write_dl(sorted(variables().items()))
            formatter.write_paragraph()
            formatter.write_text("Injection templates may read any other variable of the process (function env).")
        with formatter.section("Accepted without effect"):
            formatter.write("".join(f"  {flag}\n" for flag in sorted(_IGNORED)))


@click.command("control-plane", cls=_Command, context_settings={"ignore_unknown_options": False})
@click.argument("verb", required=False, type=click.Choice(["discovery"]))
@click.option(
    "--kubeconfig",
    type=PATH,
    help="API server to work on, from inside or outside of a cluster.  [env: KUBECONFIG; default: the pod's own]",
)
@click.option("--context", help="Context of the kubeconfig.")
@click.option("--cluster", "--clusterID", "cluster_id", help="Name of this cluster.  [env: CLUSTER_ID]")
@click.option("--system-namespace", "namespace", help="Where the control plane lives.  [env: POD_NAMESPACE]")
@click.option("--grpc-address", "--grpcAddr", "grpc", type=ADDRESS, help="Discovery in plain text.  [default: :15010]")
@click.option(
    "--secure-grpc-address",
    "--secureGRPCAddr",
    "secure_grpc",
    type=ADDRESS,
    help="Discovery and certificates over TLS.  [default: :15012]",
)
@click.option(
    "--legacy-secure-grpc-address",
    "legacy_secure_grpc",
    type=ADDRESS,
    help="The same again, for proxies that expect the port of Istio 1.1, :15011.  [default: not served]",
)
@click.option("--http-address", "--httpAddr", "http", type=ADDRESS, help="Health and debug pages.  [default: :8080]")
@click.option("--webhook-address", "--httpsAddr", "webhook", type=ADDRESS, help="Webhooks.  [default: :15017]")
@click.option(
    "--monitoring-address", "--monitoringAddr", "monitoring", type=ADDRESS, help="Metrics.  [default: :15014]"
)
@click.option(
    "--mesh-config",
    "--meshConfig",
    "mesh_config",
    type=click.Path(path_type=Path),
    help="File instead of the ConfigMap.",
)
@click.option(
    "--networks-config",
    "--networksConfig",
    "mesh_networks",
    type=click.Path(path_type=Path),
    help="The same for meshNetworks.",
)
@click.option("--ca-directory", type=click.Path(path_type=Path), help="Plugged-in CA.  [env: ROOT_CA_DIR]")
@click.option(
    "--tlsCertFile",
    "tls_certificate",
    type=PATH,
    help="Certificate to serve with, instead of one of the mesh's CA; with the next two."
    "  [default: /var/run/secrets/istiod/tls/tls.crt if it is there]",
)
@click.option("--tlsKeyFile", "tls_key", type=PATH, help="Its key.")
@click.option("--caCertFile", "tls_roots", type=PATH, help="Roots that verify it.")
@click.option("--domain", help="DNS domain of the cluster.  [default: cluster.local]")
@click.option(
    "--max-stream-age",
    "--keepaliveMaxServerConnectionAge",
    "max_stream_age",
    type=DURATION,
    help="How long a proxy's stream lasts, at most, before its identity is checked anew; 0 for ever.  [default: 30m]",
)
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
def control_plane(verb: str | None, **options: object) -> None:
    """Runs the control plane.

    Flags win over environment variables; an empty address switches a server off.
    Outside of a cluster it works with any API server that a kubeconfig leads to.

    \b
    Examples:
      isthmus control-plane --kubeconfig ~/.kube/config --cluster cluster1
      isthmus control-plane --kubeconfig FILE --cluster c1 --grpc-address 127.0.0.1:15010 --secure-grpc-address ''
    """
    import msgspec

    from isthmus.control_plane.process import run
    from isthmus.control_plane.settings import SettingsError, from_environment

    try:
        settings = from_environment(os.environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    given = {name: value for name, value in options.items() if _given(name)}
    run(msgspec.structs.replace(settings, **given))


def _given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source is not click.core.ParameterSource.DEFAULT


def _accept_ignored(command: click.Command) -> None:
    for flag in _IGNORED:
        name = "ignored_" + flag.strip("-").replace("-", "_").lower()
        option = click.Option([flag, name], hidden=True, expose_value=False)
        command.params.append(option)


_accept_ignored(control_plane)
