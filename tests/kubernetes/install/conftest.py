"""Clusters to install into: a real API server, emptied after each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from isthmus.install.owned import delete, owned_objects
from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.lab import apiserver as api
from isthmus.lab.apiserver import ApiServer


@pytest.fixture(scope="session")
def apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server of these tests' own: purging takes away what other tests need."""
    with api.running(tmp_path_factory.mktemp("install")) as server:
        yield server


@pytest.fixture
async def client(apiserver: ApiServer) -> AsyncIterator[Client]:
    """A client for an API server; what a test leaves behind is removed, CRDs excepted: they take long to go."""
    async with Client(load_kubeconfig(apiserver.kubeconfig)) as client:
        yield client
        for owned in await owned_objects(client, "operator.istio.io/component"):
            if owned.kind != kinds.CUSTOM_RESOURCE_DEFINITION:
                await delete(client, owned)


@pytest.fixture
def kubeconfig(apiserver: ApiServer, tmp_path: Path) -> Path:
    """The API server's kubeconfig as a file, for commands."""
    path = tmp_path / "kubeconfig"
    path.write_text(apiserver.kubeconfig)
    return path
