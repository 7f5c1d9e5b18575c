"""Addresses of this machine's interfaces. Knows Linux's interface table; does not know which matter to a mesh."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from pathlib import Path

_SIOCGIFADDR = 0x8915
_GLOBAL_SCOPE = "00"


def own_addresses() -> tuple[str, ...]:
    """Global addresses of all interfaces, IPv4 first; loopback and link-local ones are left out."""
    found = [*_ipv4_addresses(), *_ipv6_addresses()]
    return tuple(address for address in found if not ipaddress.ip_address(address).is_loopback)


def has_ipv6() -> bool:
    """Whether some interface other than loopback has a global IPv6 address."""
    return bool(_ipv6_addresses())


def _ipv4_addresses() -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        names = [name for _, name in socket.if_nameindex()]
        return [address for name in names if (address := _ipv4_address(probe, name))]


def _ipv4_address(probe: socket.socket, interface: str) -> str:
    request = struct.pack("256s", interface.encode()[:15])
    try:
        answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
    except OSError:  # an interface without an IPv4 address
        return ""
    return socket.inet_ntoa(answer[20:24])


def _ipv6_addresses() -> list[str]:
    try:
        lines = Path("/proc/net/if_inet6").read_text().splitlines()
    except FileNotFoundError:  # the kernel has no IPv6
        return []
    rows = (line.split() for line in lines)
    return [str(ipaddress.IPv6Address(int(row[0], 16))) for row in rows if row[3] == _GLOBAL_SCOPE and row[5] != "lo"]
