"""Two API servers with Istio's kinds, and namespaces of its own for each test."""

import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from log_lines import LogLines, captured
from mesh_cluster import MeshCluster

from isthmus.api.crds import manifests
from isthmus.kube import kinds
from isthmus.kube.access import Access, load_kubeconfig
from isthmus.kube.client import Client
from isthmus.kube.wait import wait_ready
from isthmus.lab.apiserver import ApiServer


@pytest.fixture
def access(apiserver: ApiServer) -> Access:
    return load_kubeconfig(apiserver.kubeconfig)


@pytest.fixture
def unique() -> str:
    """Part of the names of what belongs to one test."""
    return secrets.token_hex(3)


@pytest.fixture
async def here(access: Access, unique: str) -> AsyncIterator[MeshCluster]:
    """The control plane's own cluster."""
    async with Client(access) as client:
        for manifest in manifests():
            await client.apply(kinds.CUSTOM_RESOURCE_DEFINITION, manifest)
        for manifest in manifests():
            await wait_ready(client, kinds.CUSTOM_RESOURCE_DEFINITION, manifest["metadata"]["name"], seconds=60)
        cluster = MeshCluster(client, "cluster1", unique)
        await cluster.prepare()
        yield cluster


@pytest.fixture
async def there(far_apiserver: ApiServer, unique: str) -> AsyncIterator[MeshCluster]:
    """A remote cluster on another network."""
    async with Client(load_kubeconfig(far_apiserver.kubeconfig)) as client:
        cluster = MeshCluster(client, "cluster2", unique)
        await cluster.prepare()
        yield cluster


@pytest.fixture
def logs() -> Iterator[LogLines]:
    """What the control plane says."""
    with captured() as lines:
        yield lines
