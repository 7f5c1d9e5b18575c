"""Waiting for objects on a real API server."""

import asyncio

import pytest

from isthmus.kube import kinds
from isthmus.kube.client import Client, Query, Writing
from isthmus.kube.errors import WaitTimeoutError
from isthmus.kube.wait import Objects, wait_gone, wait_ready, wait_until


def service(namespace: str) -> dict[str, object]:
    return {
        "metadata": {"name": "lb", "namespace": namespace},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
    }


async def test_a_wait_ends_when_the_status_is_written(client: Client, namespace: str) -> None:
    await client.create(kinds.SERVICE, service(namespace))
    heard: list[str] = []
    lacking = asyncio.Event()

    def progress(text: str) -> None:
        heard.append(text)
        lacking.set()

    waiting = asyncio.create_task(
        wait_ready(client, kinds.SERVICE, "lb", namespace=namespace, seconds=30, progress=progress)
    )
    await lacking.wait()
    ingress = {"ip": "192.0.2.7", "ipMode": "VIP"}
    status = {"status": {"loadBalancer": {"ingress": [ingress]}}}
    await client.merge_patch(kinds.SERVICE, "lb", status, namespace=namespace, writing=Writing(subresource="status"))
    found = await waiting
    assert heard == [f"Service {namespace}/lb has no LoadBalancer address"]
    assert found["status"]["loadBalancer"]["ingress"] == [ingress]


async def test_a_wait_that_takes_too_long_says_what_was_lacking(client: Client, namespace: str) -> None:
    with pytest.raises(WaitTimeoutError, match=f"Deployment {namespace}/d does not exist yet"):
        await wait_ready(client, kinds.DEPLOYMENT, "d", namespace=namespace, seconds=0.3)


async def test_a_wait_for_an_absence_ends_with_the_delete(client: Client, namespace: str) -> None:
    await client.create(kinds.SERVICE, service(namespace))
    waiting = asyncio.create_task(wait_gone(client, kinds.SERVICE, "lb", namespace=namespace, seconds=30))
    await client.delete(kinds.SERVICE, "lb", namespace=namespace)
    await waiting


async def test_an_error_in_the_condition_comes_out_as_itself(client: Client, namespace: str) -> None:
    def broken(_: Objects) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await wait_until(client, kinds.SERVICE, Query(namespace), broken, seconds=30)
