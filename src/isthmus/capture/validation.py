"""Checks that rules are in force: makes a connection and looks where it arrives.

Knows: how the proxy's user meets the rules. Does not know who installed them.
Runs in pods whose rules a node agent installs, before the application: when the node agent was late, the
pod's traffic would silently bypass the mesh.
"""

from __future__ import annotations

import ipaddress
import socket
import struct

from isthmus.capture.settings import Capture

FAILED = 126  # the exit status by which Istio's tooling knows that the rules are missing
_SO_ORIGINAL_DST = 80
_TIMEOUT_SECONDS = 5.0


class NotCapturedError(RuntimeError):
    """A connection that should have been captured was not."""


def validate(capture: Capture, addresses: tuple[str, ...], probe_port: int) -> None:
    """Connects to the pod's own addresses as the proxy's user: the rules lead that to the inbound port.

    NotCapturedError names the address that was not captured.
    """
    versions = {family.version for family in capture.families}
    checked = [address for address in addresses if ipaddress.ip_address(address).version in versions]
    if not checked:
        raise NotCapturedError("the pod has no address to check")
    for address in checked:
        _check(address, probe_port, capture.inbound.capture_port)


def _check(address: str, probe_port: int, capture_port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # On every address, as Envoy does: what a process sends to itself is led to the loopback address.
    with socket.create_server(("", capture_port), family=family) as listener:
        listener.settimeout(_TIMEOUT_SECONDS)
        try:
            with socket.create_connection((address, probe_port), _TIMEOUT_SECONDS), listener.accept()[0] as arrived:
                reached = original_destination(arrived)
        except OSError as error:
            raise NotCapturedError(f"a connection to {address}:{probe_port} was not captured: {error}") from None
    if reached != (address, probe_port):
        raise NotCapturedError(f"a connection to {address}:{probe_port} arrived as {reached}")


def original_destination(connection: socket.socket) -> tuple[str, int]:
    """Where a redirected connection was going before; OSError when it was not redirected."""
    if connection.family == socket.AF_INET6:
        raw = connection.getsockopt(socket.IPPROTO_IPV6, _SO_ORIGINAL_DST, 28)
        port, address = struct.unpack_from("!2xH4x16s", raw)
        return str(ipaddress.IPv6Address(address)), port
    raw = connection.getsockopt(socket.IPPROTO_IP, _SO_ORIGINAL_DST, 16)
    port, address = struct.unpack_from("!2xH4s", raw)
    return str(ipaddress.IPv4Address(address)), port
