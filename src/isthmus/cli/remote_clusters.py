"""``remote-clusters``: which clusters each control plane pod reads, and whether it has read them whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import click
import msgspec

from isthmus.cli.columns import Table, render
from isthmus.cli.durations import human_duration
from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.outputs import structured

if TYPE_CHECKING:
    from isthmus.cli.control_plane_pods import ControlPlanePod

HEADER = ("NAME", "SECRET", "STATUS", "ISTIOD", "REVISION")
WIDE = ("AGE", "COPY", "ERROR")


class ClusterState(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of ``/debug/clusterz``. The secret is ``namespace/name``, empty for the own cluster.

    ``age`` is seconds since the cluster last answered, ``copy_age`` how old the copy is that stands in for it.
    """

    id: str
    secret_name: str = ""
    sync_status: str = ""
    error: str = ""
    age: float | None = None
    copy_age: float | None = None


class PodsClusters(msgspec.Struct, frozen=True):
    """What one control plane pod says, for programs."""

    istiod: str
    revision: str
    clusters: tuple[ClusterState, ...]


Answers: TypeAlias = "tuple[tuple[ControlPlanePod, tuple[ClusterState, ...]], ...]"


@click.command("remote-clusters")
@click.option("-r", "--revision", default="", help="Ask only control planes of this revision.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "wide", "json", "yaml"]), default="table", show_default=True
)
@cluster_options
def remote_clusters(target: Target, revision: str, output: str) -> None:
    """Lists the clusters that each control plane pod is connected to.

    Wide output adds the time since a cluster last answered (AGE), how old the copy is that stands in for a cluster
    which was not read since the start (COPY), and what is wrong.

    \b
    Examples:
      isthmus remote-clusters
      isthmus remote-clusters -o wide
      isthmus remote-clusters --context=cluster2 -r canary
    """
    answers = run(_ask(target, revision))
    click.echo(shown(answers, output), nl=False)


async def _ask(target: Target, revision: str) -> Answers:
    from isthmus.cli.control_plane_pods import MONITORING_PORT, ask_each, control_plane_pods
    from isthmus.kube.pod_http import get_json_from_pod
    from isthmus.kube.websocket import PodPort

    async with target.client() as client:

        async def ask(pod: ControlPlanePod) -> tuple[ClusterState, ...]:
            port = PodPort(pod.namespace, pod.name, MONITORING_PORT)
            return await get_json_from_pod(client, port, "/debug/clusterz", tuple[ClusterState, ...])

        pods = await control_plane_pods(client, target.istio_namespace, revision)
        return await ask_each(pods, ask)


def shown(answers: Answers, output: str) -> str:
    """As ``table``, ``wide``, ``json`` or ``yaml``."""
    if output in ("table", "wide"):
        return render(clusters_table(answers, wide=output == "wide"))
    pods = tuple(PodsClusters(pod.name, pod.revision, states) for pod, states in answers)
    return structured(msgspec.to_builtins(pods), output)


def clusters_table(answers: Answers, *, wide: bool = False) -> Table:
    """One row per cluster and control plane pod."""
    rows = tuple(
        (state.id, state.secret_name, state.sync_status, pod.name, pod.revision, *(_wide(state) if wide else ()))
        for pod, states in answers
        for state in states
    )
    return Table(HEADER + WIDE if wide else HEADER, rows)


def _wide(state: ClusterState) -> tuple[str, str, str]:
    return _age(state.age), _age(state.copy_age), state.error or "-"


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else human_duration(seconds)
