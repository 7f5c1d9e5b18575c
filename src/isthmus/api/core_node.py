"""Node: where pods run, for localities and node port gateways."""

from __future__ import annotations

from isthmus.api.core_meta import LabelledMeta
from isthmus.api.wire import Wire


class NodeAddress(Wire, frozen=True, kw_only=True):
    """One address of a node; ``type`` is InternalIP, ExternalIP, Hostname and so on."""

    type: str
    address: str


class NodeInfo(Wire, frozen=True, kw_only=True):
    """Versions on the node."""

    kubelet_version: str = ""


class NodeStatus(Wire, frozen=True, kw_only=True):
    """What is known of a node; heartbeats are left out."""

    addresses: tuple[NodeAddress, ...] = ()
    node_info: NodeInfo = NodeInfo()


class Node(Wire, frozen=True, kw_only=True):
    """A node."""

    metadata: LabelledMeta
    status: NodeStatus = NodeStatus()

    def addresses(self, kind: str) -> tuple[str, ...]:
        """Addresses of one type."""
        return tuple(entry.address for entry in self.status.addresses if entry.type == kind)
