"""The roots' ConfigMap in every namespace of a real API server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from isthmus.ca.anchors import Anchors
from isthmus.ca.bundle import Bundle
from isthmus.ca.publisher import RootPublisher
from isthmus.ca.selfsigned import RootProfile, create_root
from isthmus.kube import kinds
from isthmus.kube.client import Client

NAME = "istio-ca-root-cert"


@pytest.fixture
def bundle() -> Bundle:
    return create_root(RootProfile(), datetime.now(UTC))


@pytest.fixture
async def publisher(client: Client, bundle: Bundle) -> AsyncIterator[RootPublisher]:
    home = f"home-{secrets.token_hex(4)}"
    await client.create(kinds.NAMESPACE, {"metadata": {"name": home}})
    publisher = RootPublisher(client, home)
    publisher.publish(Anchors(bundle.roots))
    task = asyncio.create_task(publisher.run())
    yield publisher
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_published_belongs_to_the_namespace_of_the_control_plane(client, namespace, bundle, publisher):
    config_map = await until_holds(client, namespace, bundle.roots)
    (reference,) = config_map["metadata"]["ownerReferences"]
    assert (await client.get(kinds.NAMESPACE, reference["name"]))["metadata"]["uid"] == reference["uid"]


async def found(client: Client, namespace: str) -> dict[str, Any] | None:
    return await client.find(kinds.CONFIG_MAP, NAME, namespace=namespace)


async def until_holds(client: Client, namespace: str, roots: bytes) -> dict[str, Any]:
    """Asks the API server until it has the roots there."""
    async with asyncio.timeout(20):
        while True:
            config_map = await found(client, namespace)
            labelled = config_map is not None and config_map["metadata"].get("labels") == {"istio.io/config": "true"}
            if config_map is not None and labelled and config_map["data"].get("root-cert.pem") == roots.decode():
                return config_map
            await asyncio.sleep(0.01)


async def test_old_and_new_namespaces_get_the_roots_and_ignored_ones_do_not(client, namespace, bundle, publisher):
    await until_holds(client, namespace, bundle.roots)
    await until_holds(client, "kube-system", bundle.roots)
    late = f"ca-{secrets.token_hex(4)}"
    await client.create(kinds.NAMESPACE, {"metadata": {"name": late}})
    await until_holds(client, late, bundle.roots)
    assert await found(client, "kube-public") is None
    assert await found(client, "kube-node-lease") is None


async def test_what_is_deleted_or_modified_is_written_again(client, namespace, bundle, publisher):
    await until_holds(client, namespace, bundle.roots)
    await client.delete(kinds.CONFIG_MAP, NAME, namespace=namespace)
    await until_holds(client, namespace, bundle.roots)
    await client.merge_patch(kinds.CONFIG_MAP, NAME, {"data": {"root-cert.pem": "evil"}}, namespace=namespace)
    await until_holds(client, namespace, bundle.roots)
    await client.merge_patch(
        kinds.CONFIG_MAP, NAME, {"metadata": {"labels": {"istio.io/config": None}}}, namespace=namespace
    )
    await until_holds(client, namespace, bundle.roots)


async def test_a_changed_root_goes_everywhere(client, namespace, bundle, publisher):
    await until_holds(client, namespace, bundle.roots)
    other = create_root(RootProfile(), datetime.now(UTC))
    publisher.publish(Anchors(other.roots))
    await until_holds(client, namespace, other.roots)
