"""A client for an API server that serves Istio's kinds, and a namespace of its own for each test."""

import secrets
from collections.abc import AsyncIterator

import pytest

from isthmus.api.crds import manifests
from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.kube.wait import wait_ready
from isthmus.lab.apiserver import ApiServer


@pytest.fixture
async def client(apiserver: ApiServer) -> AsyncIterator[Client]:
    async with Client(load_kubeconfig(apiserver.kubeconfig)) as client:
        yield client


@pytest.fixture
async def namespace(client: Client) -> str:
    """A namespace of an API server in which all CRDs are established."""
    for manifest in manifests():
        await client.apply(kinds.CUSTOM_RESOURCE_DEFINITION, manifest)
    for manifest in manifests():
        await wait_ready(client, kinds.CUSTOM_RESOURCE_DEFINITION, manifest["metadata"]["name"], seconds=60)
    name = f"crds-{secrets.token_hex(4)}"
    await client.create(kinds.NAMESPACE, {"metadata": {"name": name}})
    return name
