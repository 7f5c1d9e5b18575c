"""Administrator's access to the session's API server."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest

from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.lab.apiserver import ApiServer


@pytest.fixture
async def client(apiserver: ApiServer) -> AsyncIterator[Client]:
    async with Client(load_kubeconfig(apiserver.kubeconfig)) as client:
        yield client


@pytest.fixture
async def namespace(client: Client) -> str:
    name = f"cni-{secrets.token_hex(4)}"
    await client.create(kinds.NAMESPACE, {"metadata": {"name": name}})
    return name
