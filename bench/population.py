"""Fills an API server with namespaces, services, pods and endpoints.

There is no kubelet and no controller: pods get their addresses, and services their slices, from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError

CONCURRENCY = 64


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything there is; services and pods are per namespace and per service."""

    namespaces: int = 100
    services: int = 10
    pods: int = 2
    isolated: bool = True

    def names(self) -> Iterable[tuple[str, str]]:
        """Every (namespace, service)."""
        return (
            (f"ns-{space:03}", f"svc-{number}") for space in range(self.namespaces) for number in range(self.services)
        )


def pod_address(namespace: str, service: str, number: int) -> str:
    """The address of a service's pod: unique for up to 1,000 namespaces, 16 services and 16 pods."""
    group = int(namespace.removeprefix("ns-")) * 16 + int(service.removeprefix("svc-"))
    return f"10.{group >> 8}.{group & 255}.{number + 1}"


async def populate(client: Client, size: Size) -> None:
    """Creates everything; what exists already stays."""
    names = ["istio-system", *(f"ns-{number:03}" for number in range(size.namespaces))]
    await _all(_ensure(client, kinds.NAMESPACE, _namespace(name)) for name in names)
    await _all(_service(client, namespace, name, size) for namespace, name in size.names())
    if size.isolated:
        await _all(_ensure(client, kinds.SIDECAR, _sidecar(f"ns-{number:03}")) for number in range(size.namespaces))


def objects(size: Size) -> Iterable[tuple[kinds.Kind, dict[str, Any]]]:
    """Everything as an API server would hold it, for programs without one."""
    for number in range(size.namespaces):
        yield kinds.NAMESPACE, _namespace(f"ns-{number:03}")
        if size.isolated:
            yield kinds.SIDECAR, _sidecar(f"ns-{number:03}")
    for namespace, name in size.names():
        pods = _addresses(namespace, name, size)
        yield kinds.SERVICE, service_body(namespace, name)
        yield kinds.ENDPOINT_SLICE, slice_body(namespace, name, pods)
        for pod, address in pods:
            yield kinds.POD, _pod(namespace, name, pod) | _running(address)


def slice_body(namespace: str, service: str, addresses: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The EndpointSlice of a service for (pod name, address) pairs."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": service,
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": service},
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [
            {
                "addresses": [address],
                "conditions": {"ready": True},
                "targetRef": {"kind": "Pod", "name": name, "namespace": namespace},
            }
            for name, address in addresses
        ],
    }


async def _service(client: Client, namespace: str, name: str, size: Size) -> None:
    pods = _addresses(namespace, name, size)
    for pod, address in pods:
        await _ensure(client, kinds.POD, _pod(namespace, name, pod))
        writing = Writing(subresource="status")
        await client.merge_patch(kinds.POD, pod, _running(address), namespace=namespace, writing=writing)
    await _ensure(client, kinds.SERVICE, service_body(namespace, name))
    await _ensure(client, kinds.ENDPOINT_SLICE, slice_body(namespace, name, pods))


def _addresses(namespace: str, name: str, size: Size) -> list[tuple[str, str]]:
    return [(f"{name}-{number}", pod_address(namespace, name, number)) for number in range(size.pods)]


def _running(address: str) -> dict[str, Any]:
    return {"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _pod(namespace: str, service: str, name: str) -> dict[str, Any]:
    labels = {"app": service, "security.istio.io/tlsMode": "istio"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [{"name": "app", "image": "app", "ports": [{"containerPort": 8080}]}]},
    }


def service_body(namespace: str, name: str) -> dict[str, Any]:
    """A Service with one HTTP port."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }


def _sidecar(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Sidecar",
        "metadata": {"name": "default", "namespace": namespace},
        "spec": {"egress": [{"hosts": ["./*"]}]},
    }


async def _ensure(client: Client, kind: kinds.Kind, body: dict[str, Any]) -> None:
    try:
        await client.create(kind, body)
    except ApiError as error:
        if not error.already_exists:
            raise


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    gate = asyncio.Semaphore(CONCURRENCY)

    async def gated(one: Coroutine[Any, Any, None]) -> None:
        async with gate:
            await one

    async with asyncio.TaskGroup() as tasks:
        for one in work:
            tasks.create_task(gated(one))
