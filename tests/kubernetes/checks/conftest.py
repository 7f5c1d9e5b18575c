"""Two API servers that stand for two clusters, with namespaces of each test in both."""

import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from two_clusters import INJECTOR, ROOT, Cluster, Clusters, contexts

from isthmus.kube import kinds
from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.lab.apiserver import ApiServer


@pytest.fixture
async def clusters(apiserver: ApiServer, far_apiserver: ApiServer, tmp_path: Path) -> AsyncIterator[Clusters]:
    """c1 and c2, named by their injectors, with one root and no join between them."""
    namespace = f"check-{secrets.token_hex(4)}"
    async with AsyncExitStack() as stack:
        members = []
        for name, server in (("c1", apiserver), ("c2", far_apiserver)):
            client = await stack.enter_async_context(Client(load_kubeconfig(server.kubeconfig)))
            cluster = Cluster(name, namespace, client, server)
            for each in (namespace, cluster.apps):
                await client.create(kinds.NAMESPACE, {"metadata": {"name": each}})
            values = json.dumps({"global": {"meshID": "mesh1", "multiCluster": {"clusterName": name}}})
            await cluster.create(kinds.CONFIG_MAP, INJECTOR, data={"values": values})
            await cluster.create(kinds.CONFIG_MAP, ROOT, data={"root-cert.pem": apiserver.authority.decode()})
            members.append(cluster)
        path = tmp_path / "kubeconfig"
        path.write_text(contexts(members))
        yield Clusters(members[0], members[1], path)
        for cluster in members:
            await cluster.forget()
