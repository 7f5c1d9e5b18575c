"""``create-remote-secret``: prints the Secret that lets another cluster's control plane read this cluster.

Knows the command's options and the order of its steps. ``reader_account`` makes the account,
``remote_secret_yaml`` the output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.remote_secret_yaml import READER_ACCOUNT, AuthPlugin, JoinedCluster, is_cluster_name, render_secret

if TYPE_CHECKING:
    from isthmus.kube.client import Client

CONFIG_ACCOUNT = "istiod"


class Request(msgspec.Struct, frozen=True):
    """The command's options."""

    name: str
    service_account: str
    create_service_account: bool
    server: str
    tls_server_name: str
    secret_name: str
    plugin: AuthPlugin | None
    config: bool

    @property
    def account(self) -> str:
        """The service account whose token is handed out."""
        return self.service_account or (CONFIG_ACCOUNT if self.config else READER_ACCOUNT)


@click.command("create-remote-secret")
@click.option("--name", default="", help="Name of the cluster, a DNS-1123 label [default: UID of kube-system].")
@click.option(
    "--service-account",
    default="",
    help=f"Account whose token is used [default: {READER_ACCOUNT}, or {CONFIG_ACCOUNT} with --type=config].",
)
@click.option(
    "--create-service-account",
    type=bool,
    default=True,
    is_flag=False,
    flag_value=True,
    show_default=True,
    help="Create the account and its reader role when they are missing.",
)
@click.option("--server", default="", help="URL of the API server as others reach it [default: the kubeconfig's].")
@click.option("--tls-server-name", default="", help="Name to expect in the API server's certificate.")
@click.option("--secret-name", default="", help="Secret that holds the account's token.")
@click.option(
    "--auth-type",
    type=click.Choice(["bearer-token", "plugin"]),
    default="bearer-token",
    show_default=True,
    help="How the other control plane signs in.",
)
@click.option("--auth-plugin-name", default="", help="Name of the auth-provider, with --auth-type=plugin.")
@click.option("--auth-plugin-config", multiple=True, metavar="KEY=VALUE,...", help="Its settings.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["remote", "config"]),
    default="remote",
    show_default=True,
    help="remote: a member of the mesh; config: the configuration cluster of an external control plane.",
)
@click.option("-d", "--manifests", default="", hidden=True, help="Accepted for compatibility; charts are built in.")
@cluster_options
def create_remote_secret(
    target: Target,
    name: str,
    service_account: str,
    create_service_account: bool,
    server: str,
    tls_server_name: str,
    secret_name: str,
    auth_type: str,
    auth_plugin_name: str,
    auth_plugin_config: tuple[str, ...],
    kind: str,
    manifests: str,
) -> None:
    """Prints a Secret with the credentials that another cluster needs to read this one.

    \b
    Examples:
      # Let the control plane of cluster2 see the services of cluster1
      isthmus create-remote-secret --context=cluster1 --name=cluster1 | kubectl apply -f - --context=cluster2
      # The API server is known to others under another address than in the kubeconfig
      isthmus create-remote-secret --name=cluster1 --server=https://192.0.2.10:6443
    """
    if name and not is_cluster_name(name):
        raise click.BadParameter(
            f"{name!r} is not a DNS-1123 label: use lower-case letters, digits and '-', at most 63",
            param_hint="--name",
        )
    plugin = _plugin(auth_type, auth_plugin_name, auth_plugin_config)
    request = Request(
        name=name,
        service_account=service_account,
        create_service_account=create_service_account,
        server=server,
        tls_server_name=tls_server_name,
        secret_name=secret_name,
        plugin=plugin,
        config=kind == "config",
    )
    click.echo(run(_print(target, request)), nl=False)


def _plugin(auth_type: str, name: str, settings: tuple[str, ...]) -> AuthPlugin | None:
    if auth_type != "plugin":
        return None
    if not name:
        raise click.UsageError("--auth-type=plugin needs --auth-plugin-name")
    pairs = []
    for setting in (part for text in settings for part in text.split(",") if part):
        key, found, value = setting.partition("=")
        if not found:
            raise click.BadParameter(f"{setting!r} is no KEY=VALUE", param_hint="--auth-plugin-config")
        pairs.append((key, value))
    return AuthPlugin(name, tuple(sorted(pairs)))


async def _print(target: Target, request: Request) -> str:
    async with target.client() as client:
        namespace = target.namespace or target.istio_namespace
        cluster = await _join(client, namespace, request)
        return render_secret(cluster, namespace, config=request.config)


async def _join(client: Client, namespace: str, request: Request) -> JoinedCluster:
    from isthmus.cli.reader_account import ensure_account
    from isthmus.kube.account_tokens import account_token
    from isthmus.kube.kinds import NAMESPACE

    name = request.name or str((await client.get(NAMESPACE, "kube-system"))["metadata"]["uid"])
    server = request.server or client.access.server
    if not request.server:
        _warn_of_local(server)
    create = request.create_service_account and not request.config
    await ensure_account(client, namespace, request.account, create=create)
    token = await account_token(client, namespace, request.account, request.secret_name)
    return JoinedCluster(
        name=name,
        server=server,
        ca_pem=token.ca_pem,
        token=token.token,
        plugin=request.plugin,
        tls_server_name=request.tls_server_name,
    )


def _warn_of_local(server: str) -> None:
    if "127.0.0.1" in server or "localhost" in server:
        click.echo(
            f"warning: the kubeconfig's server is {server}, which other clusters cannot reach; "
            "pass --server with the address under which they can",
            err=True,
        )
