"""``version``: of this program, of the control planes, and of the proxies that are connected to them."""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Any

import click
import msgspec

from isthmus import __version__
from isthmus.cli.debug_options import DebugOptions, discovery_options
from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.outputs import structured

if TYPE_CHECKING:
    from isthmus.cli.control_plane_pods import ControlPlanePod
    from isthmus.kube.client import Client


class ControlPlane(msgspec.Struct, frozen=True):
    """One control plane pod."""

    pod: str
    revision: str
    version: str


class Proxy(msgspec.Struct, frozen=True):
    """One connected proxy, ``name.namespace``."""

    name: str
    version: str


class Versions(msgspec.Struct, frozen=True):
    """What runs where. ``problem`` says what could not be found out."""

    client: str
    control_planes: tuple[ControlPlane, ...] = ()
    proxies: tuple[Proxy, ...] | None = None
    problem: str = ""


@click.command("version")
@click.option(
    "--remote", type=bool, default=True, is_flag=False, flag_value=True, show_default=True, help="Ask the cluster."
)
@click.option("-s", "--short", type=bool, default=True, is_flag=False, flag_value=True, hidden=True)
@click.option("-o", "--output", type=click.Choice(["json", "yaml"]), help="Structured output.")
@discovery_options
@cluster_options
def version(target: Target, debug: DebugOptions, remote: bool, short: bool, output: str | None) -> None:
    """Shows the versions of this program, the control planes and the proxies.

    \b
    Examples:
      isthmus version
      isthmus version --remote=false
      isthmus version -o json
    """
    versions = run(_remote(target, debug)) if remote else Versions(__version__)
    if output:
        click.echo(structured(to_plain(versions, remote=remote), output), nl=False)
        return
    click.echo(to_text(versions, remote=remote), nl=False)


async def _remote(target: Target, debug: DebugOptions) -> Versions:
    """Everything that can be found out. What cannot is no error: this program has a version anyway."""
    from isthmus.cli.control_plane_pods import ask_each, control_plane_pods
    from isthmus.kube.errors import KubeError

    found = Versions(__version__)
    try:
        async with target.client() as client:
            pods = await control_plane_pods(client, target.istio_namespace, debug.revision)
            answers = await ask_each(pods, functools.partial(_control_plane, client))
            found = Versions(__version__, tuple(answer for _, answer in answers))
            proxies = await _proxies(client, target, debug, pods)
    except KubeError as error:
        return msgspec.structs.replace(found, problem=str(error))
    return msgspec.structs.replace(found, proxies=proxies)


async def _control_plane(client: Client, pod: ControlPlanePod) -> ControlPlane:
    from isthmus.cli.control_plane_pods import MONITORING_PORT
    from isthmus.kube.pod_http import get_from_pod
    from isthmus.kube.websocket import PodPort

    body = await get_from_pod(client, PodPort(pod.namespace, pod.name, MONITORING_PORT), "/version")
    return ControlPlane(pod.name, pod.revision, release_of(body.decode("utf-8", "replace")))


async def _proxies(
    client: Client, target: Target, debug: DebugOptions, pods: tuple[ControlPlanePod, ...]
) -> tuple[Proxy, ...]:
    from isthmus.cli.control_plane_pods import ask_each
    from isthmus.cli.debug_stream import SYNCZ, ask_debug, debug_access
    from isthmus.cli.sync_status import proxies_of

    access = await debug_access(client, target.istio_namespace, debug)

    async def ask(pod: ControlPlanePod) -> Any:
        return await ask_debug(client, pod, access, SYNCZ)

    answers = await ask_each(pods, ask)
    found = {Proxy(proxy.name, proxy.version) for _, answer in answers for proxy in proxies_of(answer)}
    return tuple(sorted(found, key=lambda proxy: proxy.name))


def release_of(text: str) -> str:
    """The release in a control plane's ``/version`` page: ``1.24.0`` of ``1.24.0-<commit>-Clean``."""
    parts = text.strip().rsplit("-", 2)
    return parts[0] if len(parts) == 3 and parts[2] in ("Clean", "Modified") else text.strip()


def to_text(versions: Versions, *, remote: bool) -> str:
    """The lines that ``istioctl version`` prints."""
    lines = [f"client version: {versions.client}"]
    if remote:
        planes = sorted({plane.version for plane in versions.control_planes})
        lines.append(f"control plane version: {', '.join(planes) or 'unknown'}")
    if versions.proxies is not None:
        lines.append(f"data plane version: {_counts(versions.proxies)}")
    if versions.problem:
        lines.append(f"({versions.problem})")
    return "".join(f"{line}\n" for line in lines)


def to_plain(versions: Versions, *, remote: bool) -> dict[str, Any]:
    """The structure that ``istioctl version -o json`` prints."""
    plain: dict[str, Any] = {"clientVersion": {"version": versions.client}}
    if remote:
        plain["meshVersion"] = [
            {"Component": "pilot", "Revision": plane.revision, "Info": {"version": plane.version}}
            for plane in versions.control_planes
        ]
    if versions.proxies is not None:
        plain["dataPlaneVersion"] = [{"ID": proxy.name, "IstioVersion": proxy.version} for proxy in versions.proxies]
    return plain


def _counts(proxies: tuple[Proxy, ...]) -> str:
    counted = sorted(Counter(proxy.version for proxy in proxies).items())
    words = (f"{version} ({count} {'proxy' if count == 1 else 'proxies'})" for version, count in counted)
    return ", ".join(words) or "none"
