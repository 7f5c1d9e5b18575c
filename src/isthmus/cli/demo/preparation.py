"""What a cluster gets before the mesh is installed: its namespace with the network's name, and its authority.

Knows two objects. Does not know how certificates are made.
"""

import base64
from collections.abc import Mapping

from isthmus.cli.demo.members import SYSTEM, Member
from isthmus.kube import kinds
from isthmus.kube.client import Writing

WRITING = Writing(manager="isthmus-demo")


async def prepare(member: Member, authority: Mapping[str, bytes]) -> None:
    """Makes `istio-system` with the network's label, and the secret `cacerts` in it."""
    labels = {"topology.istio.io/network": member.network}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM, "labels": labels}}
    await member.api.apply(kinds.NAMESPACE, namespace, writing=WRITING)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "cacerts", "namespace": SYSTEM},
        "data": {name: base64.b64encode(content).decode() for name, content in authority.items()},
    }
    await member.api.apply(kinds.SECRET, secret, writing=WRITING)
