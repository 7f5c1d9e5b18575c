"""``remote-clusters``: which clusters each control plane pod reads, and whether it has read them whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from isthmus.cli.columns import Table, render
from isthmus.cli.options import Target, cluster_options, run

if TYPE_CHECKING:
    from isthmus.cli.control_plane_pods import ControlPlanePod

HEADER = ("NAME", "SECRET", "STATUS", "ISTIOD", "REVISION")


class ClusterState(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of ``/debug/clusterz``. The secret is ``namespace/name``, empty for the own cluster."""

    id: str
    secret_name: str = ""
    sync_status: str = ""
    error: str = ""


@click.command("remote-clusters")
@click.option("-r", "--revision", default="", help="Ask only control planes of this revision.")
@cluster_options
def remote_clusters(target: Target, revision: str) -> None:
    """Lists the clusters that each control plane pod is connected to.

    \b
    Examples:
      isthmus remote-clusters
      isthmus remote-clusters --context=cluster2 -r canary
    """
    click.echo(run(_show(target, revision)), nl=False)


async def _show(target: Target, revision: str) -> str:
    from isthmus.cli.control_plane_pods import MONITORING_PORT, ask_each, control_plane_pods
    from isthmus.kube.pod_http import get_json_from_pod
    from isthmus.kube.websocket import PodPort

    async with target.client() as client:

        async def ask(pod: ControlPlanePod) -> tuple[ClusterState, ...]:
            port = PodPort(pod.namespace, pod.name, MONITORING_PORT)
            return await get_json_from_pod(client, port, "/debug/clusterz", tuple[ClusterState, ...])

        pods = await control_plane_pods(client, target.istio_namespace, revision)
        return render(clusters_table(await ask_each(pods, ask)))


def clusters_table(answers: tuple[tuple[ControlPlanePod, tuple[ClusterState, ...]], ...]) -> Table:
    """One row per cluster and control plane pod."""
    rows = tuple(
        (state.id, state.secret_name, state.sync_status, pod.name, pod.revision)
        for pod, states in answers
        for state in states
    )
    return Table(HEADER, rows)
