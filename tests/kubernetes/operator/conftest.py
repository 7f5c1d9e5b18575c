"""An API server with the operator's CRDs, and an operator that works on it."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from isthmus.install.owned import delete, owned_objects
from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client, Deletion, Query
from isthmus.kube.errors import ApiError
from isthmus.kube.wait import wait_ready
from isthmus.lab import apiserver as api
from isthmus.lab.apiserver import ApiServer
from isthmus.operator.kinds import ISTIO, ISTIO_CNI, ISTIO_REVISION, ISTIO_REVISION_TAG
from isthmus.operator.operator import Operator
from isthmus.operator.ownership import OWNER_UID
from isthmus.operator.resources.crds import manifests
from isthmus.operator.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))

from operator_cluster import Loopback

RESOURCES = (ISTIO_REVISION_TAG, ISTIO, ISTIO_REVISION, ISTIO_CNI)


@pytest.fixture(scope="session")
def apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server of these tests' own: the operator looks at all namespaces and pods."""
    with api.running(tmp_path_factory.mktemp("operator")) as server:
        yield server


@pytest.fixture
async def client(apiserver: ApiServer) -> AsyncIterator[Client]:
    """A client for a cluster that serves the operator's kinds and has none of their objects, before and after."""
    async with Client(load_kubeconfig(apiserver.kubeconfig)) as client:
        for manifest in manifests():
            await client.apply(kinds.CUSTOM_RESOURCE_DEFINITION, manifest)
        for manifest in manifests():
            await wait_ready(client, kinds.CUSTOM_RESOURCE_DEFINITION, manifest["metadata"]["name"], seconds=60)
        yield client
        await _remove_all(client)


@pytest.fixture
async def operator(client: Client) -> AsyncIterator[None]:
    """An operator at work."""
    running = asyncio.create_task(Operator(client, Settings(), CollectorRegistry(), Loopback()).run())
    yield
    running.cancel()
    await asyncio.wait([running])


@pytest.fixture
async def namespace(client: Client) -> AsyncIterator[str]:
    """A namespace of the test's own, which uses no revision any more after it."""
    name = f"mesh-{secrets.token_hex(4)}"
    await client.create(kinds.NAMESPACE, {"metadata": {"name": name}})
    yield name
    await client.merge_patch(kinds.NAMESPACE, name, {"metadata": {"labels": None}})
    for pod in (await client.list(kinds.POD, Query(name))).items:
        await client.delete(
            kinds.POD, pod["metadata"]["name"], namespace=name, options=Deletion(grace_period_seconds=0)
        )


async def _remove_all(client: Client) -> None:
    """Delete every resource and what it made; no operator runs any more that would let them go."""
    for kind in RESOURCES:
        for found in (await client.list(kind)).items:
            name = found["metadata"]["name"]
            try:
                await client.delete(kind, name)
                await client.merge_patch(kind, name, {"metadata": {"finalizers": None}})
            except ApiError as problem:
                if not problem.not_found:
                    raise
    for owned in await owned_objects(client, OWNER_UID):
        await delete(client, owned)
