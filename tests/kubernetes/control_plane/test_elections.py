"""Control planes of several revisions and places in one election, as Istio's are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from mesh_cluster import MeshCluster
from one_object import OneObject

from isthmus.control_plane.elections import DEFAULT_TAG, Elections, RevisionPrecedence, default_revision
from isthmus.control_plane.settings import Settings, from_environment
from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.kube.elections import Election, Elector
from isthmus.kube.locks import CONFIG_MAP_LOCK, RECORD

NAME = "istio-namespace-controller-election"


@pytest.fixture
async def tagged(here: MeshCluster) -> AsyncIterator[MeshCluster]:
    """A cluster whose default revision is ``stable``."""
    metadata = {"name": DEFAULT_TAG, "labels": {"istio.io/rev": "stable", "istio.io/tag": "default"}}
    await here.client.apply(
        kinds.MUTATING_WEBHOOK,
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": metadata},
    )
    yield here
    await here.client.delete(kinds.MUTATING_WEBHOOK, DEFAULT_TAG)


def elector(cluster: MeshCluster, name: str, revision: str, *, elsewhere: bool = False) -> Elector:
    precedence = RevisionPrecedence(revision, elsewhere)
    return Elector(cluster.client, Election(NAME, cluster.system, name, lock=CONFIG_MAP_LOCK, precedence=precedence))


async def held_by_istio(cluster: MeshCluster, key: str) -> None:
    """The lock as a living istiod of another release holds it."""
    record = {
        "holderIdentity": "istiod-1",
        "holderKey": key,
        "leaseDurationSeconds": 30,
        "acquireTime": "2026-01-02T03:04:05Z",
        "renewTime": "2026-01-02T03:04:05Z",
        "leaderTransitions": 4,
    }
    metadata = {"name": NAME, "namespace": cluster.system, "annotations": {RECORD: json.dumps(record)}}
    await cluster.client.create(kinds.CONFIG_MAP, {"metadata": metadata})


@pytest.mark.parametrize(
    ("revision", "elsewhere", "holder", "takes"),
    [
        ("stable", False, "canary", True),
        ("stable", False, "^canary", True),
        ("stable", True, "canary", True),
        ("stable", False, "", True),  # an old istiod, which has no key
        ("stable", False, "stable", False),
        ("stable", False, "^stable", True),
        ("stable", True, "^stable", False),
        ("stable", True, "stable", False),
        ("canary", False, "stable", False),
        ("canary", False, "^stable", False),
        ("canary", False, "other", False),
        ("canary", False, "^canary", True),
    ],
)
async def test_the_default_revision_goes_first_and_then_who_is_in_the_cluster(
    tagged: MeshCluster, revision: str, elsewhere: bool, holder: str, takes: bool
) -> None:
    await held_by_istio(tagged, holder)
    assert await elector(tagged, "own", revision, elsewhere=elsewhere)._try_quietly() is takes
    found = await tagged.client.get(kinds.CONFIG_MAP, NAME, namespace=tagged.system)
    record = json.loads(found["metadata"]["annotations"][RECORD])
    key = f"^{revision}" if elsewhere else revision
    assert (record["holderIdentity"], record["holderKey"]) == (("own", key) if takes else ("istiod-1", holder))
    assert record["leaderTransitions"] == (5 if takes else 4)


async def test_without_a_default_revision_nobody_goes_first(here: MeshCluster) -> None:
    await held_by_istio(here, "canary")
    assert await default_revision(here.client) == ""
    assert not await elector(here, "own", "default")._try_quietly()


async def test_who_may_not_see_tags_waits_like_everybody_else(tagged: MeshCluster, tmp_path: Any) -> None:
    await held_by_istio(tagged, "canary")
    path = tmp_path / "kubeconfig"
    path.write_bytes(await tagged.reader_kubeconfig())
    async with Client(load_kubeconfig(path)) as client:
        assert await default_revision(client) == ""


async def test_the_default_revision_s_replica_takes_over_the_work_and_hands_it_back(tagged: MeshCluster) -> None:
    base = Settings(namespace=tagged.system)
    canary = Elections(msgspec.structs.replace(base, pod_name="canary-1", revision="canary"))
    stable = Elections(msgspec.structs.replace(base, pod_name="stable-1", revision="stable"))
    lock = OneObject(tagged.client, kinds.CONFIG_MAP, NAME, tagged.system)
    started, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    first = asyncio.create_task(canary.lead_cluster(tagged.client, NAME, work))
    await started.wait()
    await lock.until_led(by="canary-1")
    second = asyncio.create_task(stable.lead_cluster(tagged.client, NAME, asyncio.Event().wait))  # type: ignore[arg-type]
    await lock.until_led(by="stable-1")
    await asyncio.wait_for(ended.wait(), 30)
    second.cancel()
    await asyncio.wait((second,))
    await lock.until_led(by="canary-1")
    first.cancel()
    await asyncio.wait((first,))
    await lock.until_led(by="")


async def test_without_elections_everybody_works(here: MeshCluster) -> None:
    await held_by_istio(here, "canary")
    settings = from_environment({"ENABLE_LEADER_ELECTION": "false"}, Settings(namespace=here.system))
    worked = []

    async def work() -> None:
        worked.append(True)

    await Elections(settings).lead_cluster(here.client, NAME, work)
    await Elections(settings).lead_revision(here.client, "istio-gateway-deployment", work)
    assert len(worked) == 2
    assert await here.client.find(kinds.LEASE, "istio-gateway-deployment-default", namespace=here.system) is None
