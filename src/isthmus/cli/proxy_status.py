"""``proxy-status``: which proxies each control plane pod serves, and whether they have what it sent.

Knows the command's options. ``debug_stream`` asks, ``sync_status`` and ``proxy_diff`` make the output.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click
import msgspec

from isthmus.cli.columns import render
from isthmus.cli.debug_options import DebugOptions, discovery_options
from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.outputs import structured
from isthmus.cli.sync_status import ProxyStatus, long_table, proxies_of, short_table

if TYPE_CHECKING:
    from isthmus.cli.control_plane_pods import ControlPlanePod
    from isthmus.kube.client import Client


@click.command("proxy-status")
@click.argument("pod", default="")
@click.option("-v", "--verbosity", type=int, default=0, help="1 shows the state of each type.")
@click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True)
@click.option("-f", "--file", "file", type=click.File("rb"), help="Envoy's config_dump, to compare instead of POD's.")
@discovery_options
@cluster_options
def proxy_status(target: Target, debug: DebugOptions, pod: str, verbosity: int, output: str, file: Any) -> None:
    """Lists the proxies of the mesh and whether their configuration is up to date.

    With POD (NAME.NAMESPACE or deploy/NAME.NAMESPACE) it shows how that proxy's configuration differs from
    what its control plane holds for it.

    \b
    Examples:
      isthmus proxy-status
      isthmus proxy-status -v 1
      isthmus proxy-status deploy/helloworld-v1.sample
    """
    if pod or file is not None:
        click.echo(run(_compare(target, debug, pod, file.read() if file else b"")), nl=False)
        return
    proxies = run(_collect(target, debug))
    if output != "table":
        click.echo(structured(msgspec.to_builtins(proxies), output), nl=False)
    else:
        table = long_table(proxies, time.time()) if verbosity else short_table(proxies)
        click.echo(render(table), nl=False)


async def _collect(target: Target, debug: DebugOptions) -> tuple[ProxyStatus, ...]:
    from isthmus.cli.debug_stream import SYNCZ

    async with target.client() as client:
        answers = await _ask_all(client, target, debug, SYNCZ)
        return tuple(proxy for answer in answers for proxy in proxies_of(answer))


async def _compare(target: Target, debug: DebugOptions, text: str, dump: bytes) -> str:
    from isthmus.cli.debug_stream import CONFIG_DUMP
    from isthmus.cli.proxy_admin import admin_dump
    from isthmus.cli.proxy_diff import compare
    from isthmus.kube.pod_names import find_pod

    async with target.client() as client:
        if not text:
            raise click.UsageError("--file needs POD, too: whose configuration is it?")
        pod = await find_pod(client, text, target.workload_namespace(client))
        envoy = msgspec.json.decode(dump) if dump else await admin_dump(client, pod)
        answers = await _ask_all(client, target, debug, CONFIG_DUMP, f"{pod.name}.{pod.namespace}")
        return compare(tuple(answers[0].resources), envoy)


async def _ask_all(
    client: Client, target: Target, debug: DebugOptions, type_url: str, name: str = ""
) -> tuple[Any, ...]:
    """The answers of all control plane pods that give one."""
    from isthmus.cli.control_plane_pods import ask_each, control_plane_pods
    from isthmus.cli.debug_stream import ask_debug, debug_access

    access = await debug_access(client, target.istio_namespace, debug)

    async def ask(pod: ControlPlanePod) -> Any:
        return await ask_debug(client, pod, access, type_url, name)

    pods = await control_plane_pods(client, target.istio_namespace, debug.revision)
    # A proxy is connected to one pod only; the others' refusal to show it is no warning.
    return tuple(answer for _, answer in await ask_each(pods, ask, quiet=bool(name)))
