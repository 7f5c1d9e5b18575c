"""HTTP to a port inside a pod, on the pod's loopback address, through port-forward.

Knows that some servers (Envoy's admin page) listen on loopback only, which the API server's own proxy cannot
reach. Does not know what is asked.
"""

from __future__ import annotations

from typing import TypeVar

import aiohttp
import msgspec

from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError, UnreachableError, error_of
from isthmus.kube.websocket import PodPort, forwarding

T = TypeVar("T")

SECONDS = 30.0
"""How long one answer may take; configuration dumps of large meshes have tens of megabytes."""


async def get_from_pod(client: Client, target: PodPort, path: str) -> bytes:
    """The body of ``GET path``; ``KubeError`` names the pod and why it did not answer."""
    async with forwarding(client, target) as local:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with (
                aiohttp.ClientSession(connector=aiohttp.UnixConnector(local.path), timeout=timeout) as session,
                session.get(f"http://localhost:{target.port}{path}") as response,
            ):
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = local.last_error or str(error) or "no answer in time"
            raise UnreachableError(f"pod {target.namespace}/{target.pod} port {target.port}: {reason}") from None
    if response.status != 200:
        raise KubeError(f"pod {target.namespace}/{target.pod}: {path}: {error_of(response.status, body)}")
    return body


async def get_json_from_pod(client: Client, target: PodPort, path: str, into: type[T]) -> T:
    """The decoded body of ``GET path``; ``KubeError`` also when it is not what was expected."""
    body = await get_from_pod(client, target, path)
    try:
        return msgspec.json.decode(body, type=into)
    except msgspec.DecodeError as error:
        raise KubeError(f"pod {target.namespace}/{target.pod}: {path} is not understood: {error}") from None
