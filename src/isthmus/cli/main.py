"""The command line: ``isthmus``, and ``istioctl`` as its second name.

Knows the names of all commands and where each lives; imports a command's file only when it is called or listed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from isthmus import __version__
from isthmus.cli.absent import ABSENT
from isthmus.cli.options import Target, cluster_options

_COMMANDS = {
    "analyze": "isthmus.cli.analyze:analyze",
    "agent": "isthmus.cli.agent:agent",
    "check": "isthmus.cli.check:check",
    "control-plane": "isthmus.cli.control_plane:control_plane",
    "create-remote-secret": "isthmus.cli.remote_secret:create_remote_secret",
    "demo": "isthmus.cli.demo:demo",
    "install": "isthmus.cli.install:install",
    "kube-inject": "isthmus.cli.kube_inject:kube_inject",
    "lab": "isthmus.cli.lab:lab",
    "manifest": "isthmus.cli.manifest:manifest",
    "operator": "isthmus.cli.operator:operator",
    "profile": "isthmus.cli.profile:profile",
    "proxy-config": "isthmus.cli.proxy_config:proxy_config",
    "proxy-status": "isthmus.cli.proxy_status:proxy_status",
    "remote-clusters": "isthmus.cli.remote_clusters:remote_clusters",
    "tag": "isthmus.cli.tag:tag",
    "uninstall": "isthmus.cli.uninstall:uninstall",
    "upgrade": "isthmus.cli.upgrade:upgrade",
    "verify-install": "isthmus.cli.verify_install:verify_install",
    "version": "isthmus.cli.version:version",
}
_ALIASES = {"pc": "proxy-config", "ps": "proxy-status"}
_EXPERIMENTAL = {
    name: _COMMANDS[name] for name in ("create-remote-secret", "remote-clusters", "uninstall", "proxy-status")
}
_HIDDEN = frozenset({"agent"})


class LazyGroup(click.Group):
    """A group whose commands are imported at first use, so that every command starts quickly."""

    def __init__(
        self, *args: Any, targets: dict[str, str], aliases: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(*args, **extra)
        self._targets = targets
        self._aliases = aliases or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names but aliases and internal ones."""
        return sorted((self._targets.keys() | self.commands.keys()) - _HIDDEN)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now if need be."""
        name = self._aliases.get(cmd_name, cmd_name)
        target = self._targets.get(name)
        if target is None:
            if name in ABSENT and name not in self.commands:
                raise click.UsageError(f"{name} is not there: {ABSENT[name]}", ctx)
            return super().get_command(ctx, name)
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(
    cls=LazyGroup,
    targets=_COMMANDS,
    aliases=_ALIASES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, message="%(version)s")
@cluster_options
@click.pass_context
def main(ctx: click.Context, target: Target) -> None:
    """Multi-cluster service mesh, compatible with Istio.

    \b
    Examples:
      isthmus demo                                   two clusters, one mesh, on this machine
      isthmus install -y --set values.global.meshID=mesh1
      isthmus create-remote-secret --context=c1 --name=c1 | kubectl apply -f - --context=c2
      isthmus proxy-status
    """
    ctx.obj = target


@main.group("x", cls=LazyGroup, targets=_EXPERIMENTAL, aliases=_ALIASES)
def experimental() -> None:
    """Commands by the names that they had while they were experimental."""


main.add_command(experimental, "experimental")


if __name__ == "__main__":
    sys.exit(main())
