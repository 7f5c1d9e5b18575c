"""Views: exactly what a translator may know of a proxy, shared by all proxies that are alike in it.

Everything that is not in a view cannot influence a translation; views are part of the keys of derived rows.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec

from isthmus.model.locality import Locality


class Families(msgspec.Struct, frozen=True, order=True):
    """The IP families that a proxy has addresses of, and which one comes first."""

    ipv4: bool = True
    ipv6: bool = False
    ipv6_first: bool = False

    @classmethod
    def of(cls, addresses: Iterable[str]) -> Families:
        """From a proxy's addresses; IPv4 when it has none."""
        versions = [ipaddress.ip_address(address).version for address in addresses]
        return cls(4 in versions or not versions, 6 in versions, versions[:1] == [6])

    @property
    def wildcard(self) -> str:
        """The address that stands for all of a listener's first family."""
        return "::" if self.ipv6_first or not self.ipv4 else "0.0.0.0"  # noqa: S104 - Envoy's listeners are meant

    @property
    def other_wildcard(self) -> str:
        """The wildcard of the second family; empty when there is one family only."""
        if not (self.ipv4 and self.ipv6):
            return ""
        return "0.0.0.0" if self.wildcard == "::" else "::"  # noqa: S104

    def has(self, address: str) -> bool:
        """Whether an IP address is of a family that the proxy has; mapped IPv4 counts as IPv4."""
        parsed = ipaddress.ip_address(address)
        if parsed.version == 6 and parsed.ipv4_mapped is None:
            return self.ipv6
        return self.ipv4


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a client runs, for services whose balancing asks."""

    locality: Locality = Locality()
    node: str = ""
    labels: tuple[tuple[str, str], ...] = ()  # only labels that some failoverPriority names


class EndpointView(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """What decides which endpoints a client gets."""

    cluster: str
    network: str = ""
    requested_networks: tuple[str, ...] = ()
    families: Families = Families()
    by_sni: bool = False  # a gateway that passes mesh mTLS on by SNI
    place: Place = Place()  # unset unless the service's balancing asks


class ClusterView(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """What decides how a client's clusters look."""

    sidecar: bool = True
    network: str = ""


class OutboundView(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """What decides how a sidecar's outbound listeners look."""

    cluster: str
    network: str = ""
    families: Families = Families()
    transparent: bool = False  # TPROXY interception
    allow_any: bool = True  # unknown destinations are let through
    http10: bool = False


class RouteView(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """What decides the virtual host of one hostname."""

    cluster: str  # whose virtual addresses are domains
    families: Families = Families()
    allow_any: bool = True
    piecewise: bool = False  # virtual hosts are resources of their own


class NameView(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """What decides the addresses in a proxy's name table."""

    cluster: str
    network: str = ""
