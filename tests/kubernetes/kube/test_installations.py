"""Kinds that are installed while somebody waits for them, against a real API server."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest

from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Client, Object
from isthmus.kube.events import Event
from isthmus.kube.kinds import Kind
from isthmus.kube.reflector import Pace, Reflector, Source
from isthmus.kube.wait import wait_ready

NEVER = 1000.0  # seconds: longer than any test


class Thing(msgspec.Struct, frozen=True):
    class Metadata(msgspec.Struct, frozen=True):
        name: str

    metadata: Metadata


class Things:
    """A sink that tells when there is something in it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.filled = asyncio.Event()

    def replace(self, objects: Sequence[Thing]) -> None:
        self.change([Event("ADDED", found) for found in objects])

    def change(self, events: Sequence[Event[Thing]]) -> None:
        self.names += [event.object.metadata.name for event in events]
        if self.names:
            self.filled.set()


@pytest.fixture
def kind() -> Kind:
    group = f"g{secrets.token_hex(4)}.isthmus.dev"
    return Kind(group, "v1", "things", "Thing", namespaced=False)


@asynccontextmanager
async def reflecting(client: Client, kind: Kind, pace: Pace | None = None) -> AsyncIterator[Things]:
    """Reflects a kind that is not installed yet."""
    things = Things()
    reflector = Reflector(client, Source(kind, Thing, optional=True), things, pace)
    task = asyncio.create_task(reflector.run())
    try:
        await reflector.wait_synced()
        yield things
    finally:
        task.cancel()
        await asyncio.wait((task,))


def definition(kind: Kind) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": kind.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "names": {"plural": kind.plural, "kind": kind.kind},
            "scope": "Cluster",
            "versions": [version],
        },
    }


async def install(client: Client, kind: Kind) -> None:
    """Returns when the API server serves the kind, and one object of it exists."""
    found = await client.apply(kinds.CUSTOM_RESOURCE_DEFINITION, definition(kind))
    await wait_ready(client, kinds.CUSTOM_RESOURCE_DEFINITION, found["metadata"]["name"], seconds=30)
    await client.apply(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "one"}})


async def test_a_kind_is_seen_when_it_is_installed_and_not_asked_for_before(client: Client, kind: Kind) -> None:
    async with reflecting(client, kind, Pace(first_retry=NEVER, longest_retry=NEVER)) as things:
        await install(client, kind)
        # when the last event of the definition came, it may not have been served yet
        patch = {"metadata": {"annotations": {"touched": "yes"}}}
        await client.merge_patch(kinds.CUSTOM_RESOURCE_DEFINITION, f"{kind.plural}.{kind.group}", patch)
        async with asyncio.timeout(30):
            await things.filled.wait()
    assert things.names == ["one"]


async def test_who_may_not_read_definitions_asks_again_and_again(client: Client, access: Access, kind: Kind) -> None:
    user = f"user-{kind.group}"
    rule = {"apiGroups": [kind.group], "resources": [kind.plural], "verbs": ["get", "list", "watch"]}
    await client.apply(kinds.CLUSTER_ROLE, _rbac("ClusterRole", user, rules=[rule]))
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": user}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
    body = _rbac("ClusterRoleBinding", user, roleRef=reference, subjects=[subject])
    await client.apply(kinds.CLUSTER_ROLE_BINDING, body)
    async with (
        Client(msgspec.structs.replace(access, impersonate=user)) as reader,
        reflecting(reader, kind, Pace(first_retry=0.01, longest_retry=0.1)) as things,
    ):
        await install(client, kind)
        async with asyncio.timeout(30):
            await things.filled.wait()
    assert things.names == ["one"]


def _rbac(kind: str, name: str, **fields: object) -> Object:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name}, **fields}
