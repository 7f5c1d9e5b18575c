"""What is to be captured, as one frozen record. Knows names and defaults; does not know rules."""

from __future__ import annotations

from dataclasses import dataclass

ALL = "*"


@dataclass(frozen=True, slots=True)
class Family:
    """An address family: its own addresses in the rules."""

    version: int
    loopback: str
    passthrough_source: str  # what inbound connections come from that Envoy passes on to the application
    host_bits: int


IPV4 = Family(4, "127.0.0.1/32", "127.0.0.6/32", 32)
IPV6 = Family(6, "::1/128", "::6/128", 128)


@dataclass(frozen=True, slots=True)
class Dns:
    """Whether name lookups are captured, which servers they would have gone to, and who answers instead."""

    captured: bool = False
    all_servers: bool = False
    servers: tuple[str, ...] = ()
    port: int = 15053


@dataclass(frozen=True, slots=True)
class Inbound:
    """Connections to the pod. ``ports`` is ``*``, or those captured; nothing is captured when it is empty."""

    ports: str = ALL
    excluded_ports: tuple[int, ...] = (15090, 15021, 15020)
    capture_port: int = 15006
    tunnel_port: int = 15008
    transparent: bool = False
    mark: int = 1337
    outbound_mark: int = 1338
    route_table: int = 133


@dataclass(frozen=True, slots=True)
class Outbound:
    """Connections from the pod. ``ranges`` is ``*``, or the captured CIDRs of both families."""

    ranges: tuple[str, ...] = (ALL,)
    excluded_ranges: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    excluded_ports: tuple[int, ...] = ()
    capture_port: int = 15001
    groups: tuple[str, ...] = (ALL,)
    excluded_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """One pod's capture. Interfaces named ``virtual`` belong to virtual machines inside the pod."""

    users: tuple[str, ...] = ("1337",)
    user_groups: tuple[str, ...] = ("1337",)
    inbound: Inbound = Inbound()
    outbound: Outbound = Outbound()
    dns: Dns = Dns()
    excluded_interfaces: tuple[str, ...] = ()
    virtual_interfaces: tuple[str, ...] = ()
    drop_invalid: bool = False
    families: tuple[Family, ...] = (IPV4,)
