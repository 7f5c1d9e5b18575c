"""Debug types over ADS: how ``istioctl`` asks a control plane pod what its proxies have.

Knows the client's side of one request on one stream, and its TLS and token. Does not know what is asked.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from grpclib.client import Channel, StreamStreamMethod
from grpclib.config import Configuration
from grpclib.exceptions import GRPCError, StreamTerminatedError

from isthmus.cli.control_plane_pods import ControlPlanePod
from isthmus.cli.debug_options import DebugOptions
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError, KubeError, UnreachableError
from isthmus.kube.kinds import CONFIG_MAP, SERVICE_ACCOUNT
from isthmus.kube.websocket import Forwarding, PodPort, forwarding
from isthmus.protos import pb

SYNCZ = "istio.io/debug/syncz"
CONFIG_DUMP = "istio.io/debug/config_dump"
ROOT_CONFIG_MAP = "istio-ca-root-cert"
TOKEN_AUDIENCE = "istio-ca"  # noqa: S105 - a name, no secret
PLAINTEXT_PORT, TLS_PORT = 15010, 15012

_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
_ANSWER_SECONDS = 30.0


class DebugAccess(msgspec.Struct, frozen=True):
    """How to sign in on the discovery port. An empty ``roots`` with TLS verifies nothing."""

    port: int
    plaintext: bool
    roots: str
    token: str


async def debug_access(client: Client, namespace: str, options: DebugOptions) -> DebugAccess:
    """Credentials as the account ``default`` of the control plane's namespace; ``KubeError`` names what fails."""
    if options.plaintext:
        return DebugAccess(options.port or PLAINTEXT_PORT, plaintext=True, roots="", token="")
    roots = "" if options.insecure else await _roots(client, namespace)
    token = await _token(client, namespace)
    return DebugAccess(options.port or TLS_PORT, plaintext=False, roots=roots, token=token)


async def ask_debug(client: Client, pod: ControlPlanePod, access: DebugAccess, type_url: str, name: str = "") -> Any:
    """The ``DiscoveryResponse`` of a pod to one request; ``KubeError`` names the pod and why there is none."""
    request = pb("envoy.service.discovery.v3.DiscoveryRequest")(
        node=_node(pod.namespace), type_url=type_url, resource_names=[name] if name else []
    )
    async with _channel(client, pod, access) as (channel, local):
        method = StreamStreamMethod(channel, _METHOD, type(request), pb("envoy.service.discovery.v3.DiscoveryResponse"))
        metadata = {"authorization": f"Bearer {access.token}"} if access.token else {}
        try:
            async with method.open(metadata=metadata, timeout=_ANSWER_SECONDS) as stream:
                await stream.send_message(request)
                answer = await stream.recv_message()
                await stream.cancel()
        except GRPCError as error:
            raise KubeError(f"{pod.name} refused {type_url}: {error.message or error.status.name}") from None
        except ssl.SSLError as error:
            raise UnreachableError(f"{pod.name}:{access.port}: TLS failed: {error.reason or error}") from None
        except (OSError, TimeoutError, StreamTerminatedError) as error:
            reason = local.last_error or str(error) or "no answer in time"
            raise UnreachableError(f"{pod.name}:{access.port}: {reason}") from None
    if answer is None:
        raise UnreachableError(f"{pod.name}:{access.port} ended the stream without an answer")
    return answer


@asynccontextmanager
async def _channel(
    client: Client, pod: ControlPlanePod, access: DebugAccess
) -> AsyncIterator[tuple[Channel, Forwarding]]:
    suffix = "" if pod.revision == "default" else f"-{pod.revision}"
    config = Configuration(ssl_target_name_override=f"istiod{suffix}.{pod.namespace}.svc")
    async with forwarding(client, PodPort(pod.namespace, pod.name, access.port)) as local:
        channel = Channel(path=local.path, ssl=_tls(access), config=config)
        try:
            yield channel, local
        finally:
            channel.close()


def _tls(access: DebugAccess) -> ssl.SSLContext | None:
    if access.plaintext:
        return None
    context = ssl.create_default_context(cadata=access.roots or None)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not access.roots:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


def _node(namespace: str) -> dict[str, Any]:
    """A node without ``PROXY_CONFIG`` metadata, so that no control plane counts it as a proxy."""
    return {
        "id": f"sidecar~0.0.0.0~istioctl.{namespace}~{namespace}.svc.cluster.local",
        "metadata": {"NAMESPACE": namespace, "SERVICE_ACCOUNT": "default", "GENERATOR": "event"},
    }


async def _roots(client: Client, namespace: str) -> str:
    found = await client.find(CONFIG_MAP, ROOT_CONFIG_MAP, namespace=namespace)
    roots = (found or {}).get("data", {}).get("root-cert.pem", "")
    if not roots:
        raise KubeError(
            f"config map {namespace}/{ROOT_CONFIG_MAP} has no root-cert.pem: is the control plane running? "
            "(--insecure skips the check of its certificate)"
        )
    return str(roots)


async def _token(client: Client, namespace: str) -> str:
    spec = {"spec": {"audiences": [TOKEN_AUDIENCE], "expirationSeconds": 600}}
    try:
        answer = await client.create(
            SERVICE_ACCOUNT, spec, name="default", namespace=namespace, writing=Writing(subresource="token")
        )
    except ApiError as error:
        raise KubeError(f"no token for service account {namespace}/default: {error.message}") from None
    return str(answer["status"]["token"])
