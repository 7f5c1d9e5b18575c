"""What a control plane makes on its own, outside of the objects that it was installed as.

Knows when nobody writes it any more. The authority's own secret stays, as it does after `uninstall`: a mesh that
comes back keeps its root.
"""

from __future__ import annotations

from isthmus.install.owned import delete
from isthmus.install.remove import CONTROL_PLANES, published
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.operator.resources.resource import IstioRevision, Named


async def control_plane_pods(client: Client, revision: IstioRevision) -> bool:
    """Report whether pods of a revision's control plane still run."""
    query = Query(revision.spec.namespace, labels=f"app=istiod,istio.io/rev={revision.name}")
    return bool((await client.list(kinds.POD, query, into=Named)).items)


async def remove_published(client: Client) -> None:
    """Delete what control planes wrote, unless one runs that the operator did not install."""
    others = await client.list(kinds.POD, CONTROL_PLANES, into=Named)
    for owned in () if others.items else await published(client):
        await delete(client, owned)
