"""Networks and the gateways that lead into them."""

from __future__ import annotations

import msgspec


class NetworkGateway(msgspec.Struct, frozen=True, order=True):
    """An address through which a network's workloads are reached (port 0: not offered)."""

    address: str  # an IP address
    port: int  # mTLS passthrough by SNI, usually 15443
    network: str
    cluster: str = ""  # empty: not known (meshNetworks addresses)
    hbone_port: int = 0


class Networks(msgspec.Struct, frozen=True):
    """All gateways of the mesh, sorted by address and port. One row for the whole mesh."""

    gateways: tuple[NetworkGateway, ...] = ()

    @property
    def multi_network(self) -> bool:
        """Whether split-horizon applies at all: some gateway is known."""
        return bool(self.gateways)
