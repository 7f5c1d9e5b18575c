"""Asks control plane pods what they make of the clusters that they are told to read."""

from __future__ import annotations

from isthmus.analysis.finding import Origin
from isthmus.checks.facts import Word
from isthmus.cli.control_plane_pods import MONITORING_PORT, ControlPlanePod, ask_each, control_plane_pods
from isthmus.cli.remote_clusters import ClusterState
from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError
from isthmus.kube.pod_http import get_json_from_pod
from isthmus.kube.websocket import PodPort


async def words(client: Client, cluster: str, namespace: str) -> tuple[Word, ...]:
    """What each control plane pod of a cluster says; nothing where none runs or answers."""

    async def ask(pod: ControlPlanePod) -> tuple[ClusterState, ...]:
        port = PodPort(pod.namespace, pod.name, MONITORING_PORT)
        return await get_json_from_pod(client, port, "/debug/clusterz", tuple[ClusterState, ...])

    try:
        answers = await ask_each(await control_plane_pods(client, namespace), ask, quiet=True)
    except KubeError:
        return ()
    return tuple(
        Word(Origin(cluster, "Pod", pod.namespace, pod.name), state.id, state.sync_status, state.error)
        for pod, states in answers
        for state in states
        if state.secret_name
    )
