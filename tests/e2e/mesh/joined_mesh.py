"""What tests of the joined mesh look at: the client's sidecar, and how far news travel."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from isthmus.cli.demo import traffic
from isthmus.cli.demo.members import SAMPLE, SYSTEM, Member
from isthmus.cli.remote_secret_yaml import READER_ACCOUNT
from isthmus.kube import kinds
from isthmus.kube.account_tokens import ACCOUNT_ANNOTATION, TOKEN_TYPE
from isthmus.kube.client import Query
from isthmus.kube.errors import KubeError
from isthmus.kube.pod_http import get_from_pod
from isthmus.kube.transport import Call
from isthmus.kube.websocket import PodPort
from isthmus.lab import calls
from isthmus.lab.state import Record

HELLOWORLD = "outbound|5000||helloworld.sample.svc.cluster.local"
ADMIN_PORT = 15000
CLUSTERS = "/config_dump?resource=dynamic_active_clusters"
POLL_SECONDS = 0.1
RATE = 20
"""Requests per second of the steady client."""


async def eventually(true: Callable[[], Awaitable[bool]], what: str, seconds: float = 20.0) -> None:
    """Returns as soon as something is true; fails the test with its name when it is not in time."""
    deadline = time.monotonic() + seconds
    problem = ""
    while True:
        try:
            if await true():
                return
        except KubeError as error:
            problem = f": {error}"
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:g} s: {what}{problem}")
        await asyncio.sleep(POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class Mesh:
    """Two joined clusters: `here` runs v1 and the client that calls, `there` runs v2."""

    lab: Any
    record: Record
    here: Member
    there: Member

    def istioctl(self, member: Member, *arguments: str) -> str:
        """What the command prints."""
        return self.lab.run("istioctl", "--context", member.context, *arguments).stdout

    def endpoints(self) -> frozenset[tuple[str, str]]:
        """Address and health of helloworld's endpoints in the calling client's sidecar, as the command shows them."""
        command = ("proxy-config", "endpoints", "deploy/sleep", "-n", SAMPLE, "--cluster", HELLOWORLD, "-o", "json")
        (cluster,) = json.loads(self.istioctl(self.here, *command))
        sockets = ((host, host["address"]["socketAddress"]) for host in cluster["hostStatuses"])
        return frozenset(
            (f"{socket['address']}:{socket['portValue']}", host["healthStatus"].get("edsHealthStatus", "HEALTHY"))
            for host, socket in sockets
        )

    @asynccontextmanager
    async def made(self, kind: kinds.Kind, body: dict[str, Any]) -> AsyncIterator[None]:
        """An object in `here` that is gone afterwards."""
        metadata = body["metadata"]
        await self.here.api.create(kind, body)
        try:
            yield
        finally:
            await self.here.api.delete(kind, metadata["name"], namespace=metadata["namespace"])

    def log_of_control_plane(self, member: Member, since: float) -> str:
        """What the control plane said since then (Unix time, whole seconds)."""
        moment = datetime.fromtimestamp(int(since), UTC).isoformat().replace("+00:00", "Z")
        logs = ("logs", "deploy/istiod", "-n", SYSTEM, f"--since-time={moment}")
        return str(self.lab.kubectl(member.context, *logs))

    async def token_secrets(self, member: Member) -> tuple[str, ...]:
        """The Secrets that hold tokens of the account by which others read this cluster."""
        found = (await member.api.list(kinds.SECRET, Query(SYSTEM, fields=f"type={TOKEN_TYPE}"))).items
        return tuple(str(secret["metadata"]["name"]) for secret in found)

    async def new_token_secret(self, member: Member) -> str:
        """Another Secret for a token of that account. Kubernetes' token controller fills it."""
        name = f"reader-{secrets.token_hex(4)}"
        metadata = {"name": name, "namespace": SYSTEM, "annotations": {ACCOUNT_ANNOTATION: READER_ACCOUNT}}
        await member.api.create(kinds.SECRET, {"metadata": metadata, "type": TOKEN_TYPE})
        return name

    async def here_answers(self) -> bool:
        """Whether the API server of `here` is ready."""
        await self.here.api.request(Call("GET", "/readyz"))
        return True

    async def news_reaches_every_client(self, made_in: Member) -> None:
        """A Service that is made now in one cluster becomes known to the clients of both."""
        name = f"news-{secrets.token_hex(4)}"
        metadata = {"name": name, "namespace": SAMPLE}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}
        await made_in.api.create(kinds.SERVICE, service)
        for each in (self.here, self.there):
            pod = await traffic.client_pod(each)
            dump = (
                PodPort(SAMPLE, pod, ADMIN_PORT),
                f"/config_dump?resource=dynamic_active_clusters&name_regex=.*{name}.*",
            )

            async def known(each: Member = each, dump: tuple[PodPort, str] = dump) -> bool:
                return name.encode() in await get_from_pod(each.api, *dump)

            await eventually(known, f"a Service made in {made_in.name} is known to the client in {each.name}")
        await made_in.api.delete(kinds.SERVICE, name, namespace=SAMPLE)


async def only_pod(each: Member, labels: str, namespace: str = SYSTEM) -> str:
    """The name of the pod with these labels that is not being deleted."""
    pods = (await each.api.list(kinds.POD, Query(namespace, labels=labels))).items
    (name,) = (pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"])
    return str(name)


def all_answered_by(*versions: str) -> Callable[[tuple[calls.Call, ...]], bool]:
    """Whether the last second's worth of calls were all answered, by exactly these versions."""

    def seen(told: tuple[calls.Call, ...]) -> bool:
        last = told[-RATE:]
        return len(last) == RATE and not calls.failures(last) and {call.version for call in last} == set(versions)

    return seen
