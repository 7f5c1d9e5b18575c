"""What the tests of `check` make in clusters, and what they read out of its answers."""

import asyncio
import base64
import json
import shlex
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from isthmus.cli.check import check
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.transport import Call
from isthmus.lab import kubeconfig
from isthmus.lab.apiserver import ApiServer

FOUND_SECONDS = 20.0
INJECTOR = "istio-sidecar-injector"
NETWORK = "topology.istio.io/network"
ROOT = "istio-ca-root-cert"


@dataclass(frozen=True)
class Cluster:
    """A cluster of a test, with what is to be deleted at its end because all tests see it."""

    name: str
    namespace: str
    client: Client
    server: ApiServer
    _everywhere: list[tuple[kinds.Kind, str]] = field(default_factory=list)

    @property
    def apps(self) -> str:
        """The namespace of workloads."""
        return f"{self.namespace}-apps"

    async def create(self, kind: kinds.Kind, name: str, **body: Any) -> None:
        metadata = {"name": name, **body.pop("metadata", {})}
        if kind.namespaced:
            metadata.setdefault("namespace", self.namespace)
        else:
            self._everywhere.append((kind, name))
        head = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        await self.client.create(kind, {**head, **body})

    async def secret(self, name: str, **kubeconfigs: str) -> None:
        """A remote secret."""
        data = {key: base64.b64encode(text.encode()).decode() for key, text in kubeconfigs.items()}
        await self.create(kinds.SECRET, name, metadata={"labels": {"istio/multiCluster": "true"}}, data=data)

    async def service(self, name: str, *ports: dict[str, Any], **spec: str) -> None:
        """A Service of the workloads."""
        await self.create(kinds.SERVICE, name, metadata={"namespace": self.apps}, spec={"ports": ports, **spec})

    async def label(self, namespace: str, labels: dict[str, str | None]) -> None:
        """Labels of a namespace."""
        await self.client.merge_patch(kinds.NAMESPACE, namespace, {"metadata": {"labels": labels}})

    async def forget(self) -> None:
        """Takes away what other tests would see: objects of the cluster, gateways, and the wish for proxies."""
        for kind, name in self._everywhere:
            await self.client.delete(kind, name)
        for gateway in (await self.client.list(kinds.SERVICE, Query(self.namespace))).items:
            await self.client.delete(kinds.SERVICE, gateway["metadata"]["name"], namespace=self.namespace)
        for namespace in (self.namespace, self.apps):
            await self.label(namespace, {"istio-injection": None, NETWORK: None})

    async def account_kubeconfig(self) -> str:
        """That of a service account to which nothing is bound."""
        await self.create(kinds.SERVICE_ACCOUNT, "nobody")
        path = kinds.SERVICE_ACCOUNT.path(self.namespace, "nobody", "token")
        body = json.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}).encode()
        answer = await self.client.request(Call("POST", path, body=body))
        return self.with_token(json.loads(answer.body)["status"]["token"])

    def with_token(self, token: str) -> str:
        """A kubeconfig for this cluster."""
        return with_token(self.server.url, self.server.authority, token)

    async def everything(self) -> list[tuple[str, str, str]]:
        """Kind, name and resource version of every object of the kinds that `check` has to do with."""
        looked_at = (kinds.POD, kinds.SECRET, kinds.CONFIG_MAP, kinds.SERVICE, kinds.SERVICE_ACCOUNT)
        lists = [(kind, (await self.client.list(kind, Query(self.namespace))).items) for kind in looked_at]
        return [
            (kind.kind, each["metadata"]["name"], each["metadata"]["resourceVersion"])
            for kind, items in lists
            for each in items
        ]


def with_token(url: str, authority: bytes, token: str) -> str:
    """A kubeconfig as `create-remote-secret` writes it."""
    cluster = {"server": url, "certificate-authority-data": base64.b64encode(authority).decode()}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": token}}],
        }
    )


@dataclass(frozen=True)
class Clusters:
    """Two clusters that nothing joins, and a kubeconfig with the contexts c1 and c2."""

    one: Cluster
    two: Cluster
    kubeconfig: Path

    async def check(self, arguments: str = "--contexts c1,c2") -> Result:
        fixed = ["--kubeconfig", str(self.kubeconfig), "-i", self.one.namespace]
        return await asyncio.to_thread(CliRunner().invoke, check, [*fixed, *shlex.split(arguments)])

    async def findings(self, arguments: str = "--contexts c1,c2") -> set[tuple[str, str, str]]:
        """Code, cluster and `Kind name` of the findings about the test's own objects."""
        result = await self.check(f"{arguments} -o json")
        mine = {self.one.namespace, self.one.apps}
        return {
            (each["code"], each["cluster"], f"{each['kind']} {each['objectName']}")
            for each in json.loads(result.stdout)["findings"]
            if {each["namespace"], each["objectName"]} & mine
        }

    async def until_found(self, code: str, about: str) -> str:
        """Waits for a finding about an object of c1: the API server hears of new webhooks after a moment."""
        deadline = time.monotonic() + FOUND_SECONDS
        while (code, "c1", about) not in (found := await self.findings()):
            assert time.monotonic() < deadline, found
        return await self.texts(code)

    async def texts(self, code: str) -> str:
        """What is said under a code, causes and cures included."""
        found = json.loads((await self.check("--contexts c1,c2 -o json")).stdout)["findings"]
        return "\n".join(" ".join((e["finding"], e["cause"], e["cure"])) for e in found if e["code"] == code)


def contexts(members: list[Cluster]) -> str:
    """One kubeconfig with a context for each, named like it."""
    return kubeconfig.render(
        tuple(
            kubeconfig.Access(each.name, each.server.url, each.server.authority, each.server.admin) for each in members
        )
    )
