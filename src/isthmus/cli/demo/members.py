"""Who takes part: each cluster with its network, the version that it runs, and how it is reached.

Knows names. Does no I/O but opening clients.
"""

from dataclasses import dataclass

from isthmus.kube.client import Client
from isthmus.lab.addresses import ClusterPlan

SYSTEM = "istio-system"
SAMPLE = "sample"
GATEWAY = "istio-eastwestgateway"
MESH = "mesh1"


@dataclass(frozen=True, slots=True)
class Member:
    """One cluster of the mesh."""

    name: str
    network: str
    version: str
    """The version of helloworld that runs here: `v1` or `v2`."""
    api: Client
    url: str
    """The API server as others reach it."""

    @property
    def context(self) -> str:
        """Its context in the lab's kubeconfig."""
        return self.name


def member(cluster: ClusterPlan, position: int, api: Client) -> Member:
    """The member that stands in this cluster; the first (position 0) runs v1, the others count on."""
    return Member(cluster.cluster.name, cluster.cluster.network, f"v{position + 1}", api, cluster.api_url)
