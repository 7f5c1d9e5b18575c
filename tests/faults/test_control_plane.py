"""Replicas of the control plane that are killed or replaced while requests flow."""

import pytest
from joined_mesh import Mesh, both_answer, eventually, kill, nothing_was_noticed, only_pod, pods, scaled, steady, tally

from isthmus.cli.demo.members import SAMPLE, SYSTEM
from isthmus.control_plane.cluster_writes import ROOTS_ELECTION
from isthmus.kube import kinds
from isthmus.kube.client import Query
from isthmus.kube.locks import CONFIG_MAP_LOCK
from isthmus.kube.wait import wait_ready
from isthmus.lab.calls import failures

LEADERSHIP_SECONDS = 60.0
"""A dead leader's place is taken after 30 s without renewal, and looked at every 7.5 s."""
READY_SECONDS = 90.0
COPIED_SECONDS = 60.0
"""A copy is written 5 s after the last change and at most every 30 s."""


async def leader(mesh: Mesh) -> str:
    """The pod that holds the election for writing roots."""
    lock = await mesh.here.api.get(kinds.CONFIG_MAP, ROOTS_ELECTION, namespace=SYSTEM)
    return CONFIG_MAP_LOCK.read(lock).holder_identity


async def workloads(mesh: Mesh, replicas: int) -> None:
    """Asks for so many pods of v1."""
    body = {"spec": {"replicas": replicas}}
    await mesh.here.api.merge_patch(kinds.DEPLOYMENT, "helloworld-v1", body, namespace=SAMPLE)


async def test_of_two_replicas_the_killed_leader_is_not_missed(mesh: Mesh) -> None:
    async with scaled(mesh.here, "istiod", 2), steady(mesh) as caller:
        former = await leader(mesh)
        assert former in await pods(mesh.here, "app=istiod")
        await kill(mesh.here, former)
        await workloads(mesh, 2)

        async def the_new_pod_answers() -> bool:
            return len({call.instance for call in await caller.calls() if call.version == "v1"}) == 2

        await eventually(the_new_pod_answers, "the new endpoint answers", READY_SECONDS)
        await mesh.news_reaches_every_client(mesh.here)
        await mesh.news_reaches_every_client(mesh.there)

        async def moved() -> bool:
            return await leader(mesh) in set(await pods(mesh.here, "app=istiod")) - {former}

        await eventually(moved, "another replica leads", LEADERSHIP_SECONDS)
        await nothing_was_noticed(caller)
    await workloads(mesh, 1)


@pytest.mark.timeout(600)
async def test_an_upgrade_of_the_control_plane_and_back_costs_no_request(mesh: Mesh) -> None:
    deployment = await mesh.here.api.get(kinds.DEPLOYMENT, "istiod", namespace=SYSTEM)
    former = str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])
    newer = f"{former.rpartition(':')[0]}:upgraded"
    mesh.tag_image(mesh.here, former, newer)
    before = mesh.endpoints()
    async with steady(mesh) as caller:
        for image in (newer, former):
            command = ("set", "image", "deploy/istiod", f"discovery={image}", "-n", SYSTEM)
            mesh.lab.kubectl(mesh.here.context, *command)
            await wait_ready(mesh.here.api, kinds.DEPLOYMENT, "istiod", namespace=SYSTEM, seconds=READY_SECONDS)

            async def alone() -> bool:
                return len(await pods(mesh.here, "app=istiod")) == 1

            await eventually(alone, "the former replica is gone", READY_SECONDS)
            await mesh.news_reaches_every_client(mesh.there)
        await nothing_was_noticed(caller)
    assert mesh.endpoints() == before


@pytest.mark.timeout(600)
async def test_a_remote_cluster_that_is_away_while_the_control_plane_restarts_keeps_its_endpoints(mesh: Mesh) -> None:
    before = mesh.endpoints()
    await eventually(lambda: has_copy(mesh), "a copy of the remote cluster is kept", COPIED_SECONDS)
    async with steady(mesh) as caller:
        async with mesh.without_api(mesh.there):
            await replaced(mesh)
            await mesh.news_reaches(mesh.here, mesh.here)
            assert mesh.endpoints() == before
            shown = mesh.istioctl(mesh.here, "remote-clusters", "-o", "wide")
            assert state(shown, mesh.there.name) == "timeout", shown
            told = await caller.until(both_answer, seconds=10)
            assert failures(told) == (), tally(told)
        await mesh.news_reaches_every_client(mesh.there)
        shown = mesh.istioctl(mesh.here, "remote-clusters")
        assert state(shown, mesh.there.name) == "synced", shown
        await nothing_was_noticed(caller)
    assert mesh.endpoints() == before


async def has_copy(mesh: Mesh) -> bool:
    await mesh.here.api.get(kinds.SECRET, f"isthmus-last-known.{mesh.there.name}", namespace=SYSTEM)
    return True


async def replaced(mesh: Mesh) -> None:
    """Kills the only replica; returns when another is ready."""
    former = await only_pod(mesh.here, "app=istiod")
    await kill(mesh.here, former)

    async def ready() -> bool:
        found = (await mesh.here.api.list(kinds.POD, Query(SYSTEM, labels="app=istiod"))).items
        states = [
            each["status"].get("containerStatuses", ())
            for each in found
            if each["metadata"]["name"] != former and "deletionTimestamp" not in each["metadata"]
        ]
        return any(state["ready"] for each in states for state in each)

    await eventually(ready, "another replica is ready", READY_SECONDS)


def state(table: str, cluster: str) -> str:
    """What `remote-clusters` says about a cluster."""
    (row,) = (line.split() for line in table.splitlines() if line.startswith(cluster))
    return row[2]
