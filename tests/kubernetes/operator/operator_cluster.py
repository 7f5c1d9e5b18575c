"""What a test of the operator does to a cluster, and what it waits for."""

from collections.abc import Callable
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from isthmus.kube import kinds
from isthmus.kube.client import Client, Query, Writing
from isthmus.kube.kinds import Kind
from isthmus.kube.wait import Objects, wait_gone, wait_until

Object = dict[str, Any]


class Loopback(AbstractResolver):
    """Every name is on this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


async def create(client: Client, kind: Kind, name: str, spec: Object | None = None) -> Object:
    """A resource of the operator."""
    body: Object = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}}
    return await client.create(kind, body | ({} if spec is None else {"spec": spec}))


async def until(
    client: Client, kind: Kind, name: str, holds: Callable[[Object], bool], *, namespace: str = ""
) -> Object:
    """The object as soon as something holds of it."""

    def lacking(objects: Objects) -> str:
        found = objects.get((namespace, name))
        return "" if found is not None and holds(found) else f"{kind.kind} {name} is {found}"

    objects = await wait_until(client, kind, Query(namespace, fields=f"metadata.name={name}"), lacking, seconds=30)
    return objects[(namespace, name)]


async def gone(client: Client, kind: Kind, name: str, *, namespace: str = "") -> None:
    """Returns when the object does not exist any more."""
    await wait_gone(client, kind, name, namespace=namespace, seconds=30)


def condition(found: Object, kind: str) -> tuple[str, str]:
    """Status and reason of a condition; empty texts while there is none."""
    for each in found.get("status", {}).get("conditions") or ():
        if each["type"] == kind:
            return each["status"], each["reason"]
    return "", ""


def message(found: Object, kind: str) -> str:
    """What a condition says."""
    return next((each.get("message", "") for each in found["status"]["conditions"] if each["type"] == kind), "")


def has(kind: str, status: str, reason: str) -> Callable[[Object], bool]:
    """Whether a condition is so."""
    return lambda found: condition(found, kind) == (status, reason)


async def roll_out(client: Client, namespace: str, name: str) -> None:
    """What a cluster's controllers would write when the pods of a Deployment run."""
    found = await until(client, kinds.DEPLOYMENT, name, lambda _: True, namespace=namespace)
    status = {
        "observedGeneration": found["metadata"]["generation"],
        "replicas": 1,
        "updatedReplicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
    }
    writing = Writing(subresource="status")
    await client.merge_patch(kinds.DEPLOYMENT, name, {"status": status}, namespace=namespace, writing=writing)
