"""What tests of the joined mesh look at: the client's sidecar, and how far news travel."""

import asyncio
import json
import re
import secrets
import time
from collections import Counter
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
from isthmus.kube.client import Deletion, Query
from isthmus.kube.errors import KubeError
from isthmus.kube.pod_http import get_from_pod
from isthmus.kube.readiness import missing
from isthmus.kube.timestamps import parse_time
from isthmus.kube.transport import Call
from isthmus.kube.wait import wait_ready
from isthmus.kube.websocket import PodPort
from isthmus.lab import calls, faults
from isthmus.lab.state import Record

HELLOWORLD = "outbound|5000||helloworld.sample.svc.cluster.local"
ADMIN_PORT = 15000
CLUSTERS = "/config_dump?resource=dynamic_active_clusters"
POLL_SECONDS = 0.1
READY_SECONDS = 60.0
NODES_SECONDS = 120.0
"""Until Kubernetes trusts nodes again that it had taken for lost."""
UNNOTICED_SECONDS = 1.5
"""At 20 requests per second over two versions, a version that is in use answers much more often than this."""
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

    @asynccontextmanager
    async def without_api(self, member: Member) -> AsyncIterator[None]:
        """A cluster's API server is gone for the length of the block, and answers again after it."""
        faults.stop_api(self.record, member.name)
        try:
            yield
        finally:
            await self.api_returns(member)

    async def api_returns(self, member: Member) -> None:
        """Starts an API server that was stopped, and waits until it is ready and has heard of its nodes."""
        faults.start_api(self.record, member.name)
        begin = datetime.now(UTC)

        async def ready() -> bool:
            await member.api.request(Call("GET", "/readyz"))
            return True

        async def heard() -> bool:
            leases = (await member.api.list(kinds.LEASE, Query("kube-node-lease"))).items
            return all(parse_time(lease["spec"]["renewTime"]) > begin.timestamp() for lease in leases)

        async def pods_ready() -> bool:
            found = (await member.api.list(kinds.POD, Query())).items
            return not any(missing({"kind": "Pod", **pod}) for pod in found)

        await eventually(ready, f"the API server of {member.name} answers", READY_SECONDS)
        await eventually(heard, f"the nodes of {member.name} are heard of", NODES_SECONDS)
        await eventually(pods_ready, f"the pods of {member.name} are ready", NODES_SECONDS)

    def runs(self, member: Member, container: str) -> bool:
        """Whether a container, by its id, has a process on a node of a cluster."""
        nodes = self.record.plan().cluster(member.name).nodes
        sockets = (str(self.lab.files.containerd_socket(node.node.name)) for node in nodes)
        tasks = (
            self.lab.run("ctr", "--address", socket, "--namespace", "k8s.io", "tasks", "list").stdout
            for socket in sockets
        )
        return any(re.search(rf"^{container}\s+\d+\s+RUNNING", text, re.MULTILINE) for text in tasks)

    def tag_image(self, member: Member, image: str, name: str) -> None:
        """Gives an image that the nodes of a cluster have another name."""
        for node in self.record.plan().cluster(member.name).nodes:
            socket = str(self.lab.files.containerd_socket(node.node.name))
            self.lab.run("ctr", "--address", socket, "--namespace", "k8s.io", "images", "tag", "--force", image, name)

    async def news_reaches_every_client(self, made_in: Member) -> None:
        """A Service that is made now in one cluster becomes known to the clients of both."""
        await self.news_reaches(made_in, self.here, self.there)

    async def news_reaches(self, made_in: Member, *members: Member) -> None:
        """A Service that is made now in one cluster becomes known to the clients of these clusters."""
        name = f"news-{secrets.token_hex(4)}"
        metadata = {"name": name, "namespace": SAMPLE}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}
        await made_in.api.create(kinds.SERVICE, service)
        page = f"/config_dump?resource=dynamic_active_clusters&name_regex=.*{name}.*"
        for each in members:
            port = PodPort(SAMPLE, await traffic.client_pod(each), ADMIN_PORT)

            async def known(each: Member = each, port: PodPort = port) -> bool:
                return name.encode() in await get_from_pod(each.api, port, page)

            await eventually(known, f"a Service made in {made_in.name} is known to the client in {each.name}")
        await made_in.api.delete(kinds.SERVICE, name, namespace=SAMPLE)


@asynccontextmanager
async def steady(mesh: Mesh, *, patience: float = 2.0, lifetime: float = 300.0) -> AsyncIterator[calls.Caller]:
    """RATE requests per second from `here` to both versions, which have answered already; `patience` for each."""
    container = calls.Container(mesh.here.api, SAMPLE, await traffic.client_pod(mesh.here), "sleep")
    pace = calls.Steadiness(f"http://{traffic.URL}", interval=1 / RATE, timeout=patience, lifetime=lifetime)
    async with calls.calling(container, pace) as caller:
        await caller.until(all_answered_by("v1", "v2"), seconds=15)
        yield caller


@asynccontextmanager
async def scaled(member: Member, deployment: str, replicas: int) -> AsyncIterator[None]:
    """So many ready pods of a Deployment of the system's, and one afterwards."""
    await scale(member, deployment, replicas)
    try:
        yield
    finally:
        await scale(member, deployment, 1)


async def scale(member: Member, deployment: str, replicas: int) -> None:
    """Returns when so many pods are ready."""
    body = {"spec": {"replicas": replicas}}
    await member.api.merge_patch(kinds.DEPLOYMENT, deployment, body, namespace=SYSTEM)
    await wait_ready(member.api, kinds.DEPLOYMENT, deployment, namespace=SYSTEM, seconds=READY_SECONDS)


async def kill(member: Member, pod: str) -> None:
    """Ends a pod of the system's at once: nothing in it has time to say goodbye."""
    await member.api.delete(kinds.POD, pod, namespace=SYSTEM, options=Deletion(grace_period_seconds=0))


async def pods(each: Member, labels: str, namespace: str = SYSTEM) -> tuple[str, ...]:
    """The names of the pods with these labels that are not being deleted."""
    found = (await each.api.list(kinds.POD, Query(namespace, labels=labels))).items
    return tuple(str(pod["metadata"]["name"]) for pod in found if "deletionTimestamp" not in pod["metadata"])


async def only_pod(each: Member, labels: str, namespace: str = SYSTEM) -> str:
    """The name of the pod with these labels that is not being deleted."""
    (name,) = await pods(each, labels, namespace)
    return name


def all_answered_by(*versions: str) -> Callable[[tuple[calls.Call, ...]], bool]:
    """Whether the last second's worth of calls were all answered, by exactly these versions."""

    def seen(told: tuple[calls.Call, ...]) -> bool:
        last = told[-RATE:]
        return len(last) == RATE and not calls.failures(last) and {call.version for call in last} == set(versions)

    return seen


both_answer = all_answered_by("v1", "v2")


async def nothing_was_noticed(caller: calls.Caller) -> None:
    """Not one request failed, and neither version was ever out of use."""
    told = await caller.until(both_answer, seconds=10)
    print(tally(told))
    assert calls.failures(told) == ()
    for version in ("v1", "v2"):
        assert calls.longest_silence(told, version) < UNNOTICED_SECONDS


def tally(told: tuple[calls.Call, ...]) -> str:
    """What became of these calls, in one line."""
    silences = ", ".join(f"{each} silent for {calls.longest_silence(told, each):.2f} s" for each in ("v1", "v2"))
    slowest = max((call.seconds for call in told if not call.failed), default=0.0)
    failed = calls.failures(told)
    causes = "".join(f"; {count} x {text}" for text, count in Counter(_cause(call) for call in failed).items())
    return f"{len(failed)} of {len(told)} requests failed; at most {silences}; slowest answer {slowest:.2f} s{causes}"


def _cause(call: calls.Call) -> str:
    return f"{call.status} {call.text.strip()}"
