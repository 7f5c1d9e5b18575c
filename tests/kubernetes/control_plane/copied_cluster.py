"""Two clusters of one network and a control plane that keeps a copy of the remote one; their link can be cut."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
from delta_client import connected
from log_lines import LogLines
from mesh_cluster import MeshCluster
from relay import Relay, relaying
from running_plane import RunningPlane, running, settings_of

from isthmus.control_plane.last_known.secrets import LABEL, head_name
from isthmus.control_plane.settings import Settings
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Query

OWN = "10.1.0.1:8080"
FAR = "10.2.0.1:8080"
WRITTEN = "copy of a remote cluster written"


@dataclass(frozen=True, slots=True)
class CopiedCluster:
    """``here`` has the control plane; ``there`` is declared through the link as ``cluster2``."""

    access: Access
    here: MeshCluster
    there: MeshCluster
    link: Relay
    logs: LogLines

    @property
    def name(self) -> str:
        """The outbound cluster of a service that is in both."""
        return self.here.host("web")

    @property
    def server(self) -> str:
        """Of the remote cluster, by way of the link."""
        return f"https://127.0.0.1:{self.link.port}"

    def settings(self, **changes: Any) -> Settings:
        """A copy is written soon, and an absent cluster is late soon."""
        return settings_of(self.here.system, **{"copy_interval": 0.3, "remote_timeout": 1.0} | changes)

    def running(self, **changes: Any) -> Any:
        """A control plane that is ready."""
        return running(self.settings(**changes), self.access)

    def proxy(self, plane: RunningPlane) -> Any:
        """A proxy of the own cluster that is connected."""
        return connected(plane.grpc, self.here.proxy())

    async def declare(self) -> None:
        """Writes the remote secret."""
        await self.here.remote_secret("remote", cluster2=await self.there.reader_kubeconfig(self.server))

    async def keep_a_copy(self) -> None:
        """One life of a control plane, long enough for a copy; afterwards the link is down."""
        async with self.running() as plane, self.proxy(plane) as proxy:
            await proxy.until_endpoints(self.name, OWN, FAR)
            await self.logs.until(WRITTEN, cluster="cluster2")
        self.link.cut()

    async def copies(self) -> dict[str, dict[str, bytes]]:
        """The data of the Secrets that hold copies, by name."""
        listing = await self.here.client.list(kinds.SECRET, Query(self.here.system, LABEL))
        return {
            item["metadata"]["name"]: {key: base64.b64decode(value) for key, value in item["data"].items()}
            for item in listing.items
        }

    async def until_copies(self, number: int) -> dict[str, dict[str, bytes]]:
        """Waits until there are so many Secrets."""
        async with asyncio.timeout(30):
            while True:
                found = await self.copies()
                if len(found) == number:
                    return found
                await asyncio.sleep(0.05)

    async def tamper(self, name: str, **data: bytes) -> None:
        """Changes a Secret of a copy."""
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        await self.here.client.merge_patch(kinds.SECRET, name, {"data": encoded}, namespace=self.here.system)

    async def tamper_head(self, **changes: Any) -> None:
        """Makes the head say something else."""
        name = head_name("cluster2")
        head = msgspec.json.decode((await self.copies())[name]["head"])
        await self.tamper(name, head=msgspec.json.encode(head | changes))

    async def clear(self) -> None:
        """Deletes all copies as the guide says, by label."""
        for name in await self.copies():
            await self.here.client.delete(kinds.SECRET, name, namespace=self.here.system)

    async def hide_pods(self) -> None:
        """Takes from the reader the right to see pods, so that the cluster answers but cannot be read whole."""
        name = f"reader-{self.there.system}"
        rules = [{"apiGroups": [""], "resources": ["namespaces", "nodes"], "verbs": ["get", "list", "watch"]}]
        await self.there.client.merge_patch(kinds.CLUSTER_ROLE, name, {"rules": rules})


@contextlib.asynccontextmanager
async def copied_cluster(
    access: Access, here: MeshCluster, there: MeshCluster, logs: LogLines
) -> AsyncIterator[CopiedCluster]:
    """Both clusters with a service, and the remote one declared."""
    await there.join_network(here.network)
    for cluster, address in ((here, "10.1.0.1"), (there, "10.2.0.1")):
        await cluster.service("web")
        await cluster.endpoints("web", address)
    async with relaying(int(there.client.access.server.rpartition(":")[2])) as link:
        mesh = CopiedCluster(access, here, there, link, logs)
        await mesh.declare()
        yield mesh
