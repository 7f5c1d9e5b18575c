"""Conditions of GatewayClasses and Gateways, from what became of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from isthmus.model.service import ClusterService
from isthmus.model.status import Condition, ListenerStatus, Status
from isthmus.translate.gateway_api.listeners import Opened
from isthmus.translate.gateway_api.services import Asked


class Reached(msgspec.Struct, frozen=True):
    """A service that leads to a Gateway's pods; None while there is none of this name."""

    host: str
    service: ClusterService | None

    @property
    def addresses(self) -> tuple[tuple[str, str], ...]:
        """Type and value of each address; the service's own name when nothing outside leads to it."""
        if self.service is None:
            return ()
        found = self.service.load_balancer + self.service.external_ips
        if not found and not self.service.load_balanced:
            found = (self.host,)
        return tuple((_kind(one), one) for one in found)


def of_class(controller: str) -> tuple[Condition, ...]:
    """The conditions of a class that is served here."""
    return (
        Condition("Accepted", True, "Accepted", f"Gateways of this class are served by {controller}"),
        Condition("SupportedVersion", True, "SupportedVersion", "The installed Gateway API is supported"),
    )


def of_gateway(
    generation: int,
    asked: Asked,
    listeners: Sequence[Opened],
    attached: Mapping[str, int],
    reached: Sequence[Reached],
) -> Status:
    """The status of a Gateway. ``attached``: routes by listener."""
    programmed, addresses = _programmed(asked, listeners, reached)
    conditions = (_accepted(asked, listeners), programmed)
    found = tuple(_listener(one, attached.get(one.name, 0), ready=programmed) for one in listeners)
    return Status(generation, conditions, listeners=found, addresses=addresses)


def _accepted(asked: Asked, listeners: Sequence[Opened]) -> Condition:
    if asked.unsupported:
        message = f"addresses of the type {', '.join(asked.unsupported)} are not supported"
        return Condition("Accepted", False, "UnsupportedAddress", message)
    bad = [one.name for one in listeners if not one.accepted.status or one.conflict.status]
    if bad:
        message = f"listeners that cannot be served: {', '.join(bad)}"
        return Condition("Accepted", len(bad) < len(listeners), "ListenersNotValid", message)
    return Condition("Accepted", True, "Accepted", "The gateway can be served")


def _programmed(
    asked: Asked, listeners: Sequence[Opened], reached: Sequence[Reached]
) -> tuple[Condition, tuple[tuple[str, str], ...]]:
    addresses = tuple(dict.fromkeys(address for one in reached for address in one.addresses))
    if missing := [one.host for one in reached if one.service is None]:
        return _not_programmed("AddressNotAssigned", f"there is no Service {', '.join(missing)} yet"), addresses
    if pending := [one.host for one in reached if not one.addresses]:
        message = f"Service {', '.join(pending)} has no address from a load balancer yet"
        return _not_programmed("AddressNotAssigned", message), addresses
    if asked.static and (_kind(asked.static), asked.static) not in addresses:
        message = f"the load balancer did not give the address {asked.static}"
        return _not_programmed("AddressNotUsable", message), addresses
    if faults := [*_absent_ports(listeners, reached)]:
        return _not_programmed("Invalid", "; ".join(faults)), addresses
    if asked.unsupported:
        return _not_programmed("Invalid", "its addresses cannot be had"), addresses
    where = ", ".join(one.host for one in reached) or "nothing: it only tells where another network is reached"
    return Condition("Programmed", True, "Programmed", f"Served by {where}"), addresses


def _absent_ports(listeners: Sequence[Opened], reached: Sequence[Reached]) -> Iterable[str]:
    for one in reached:
        ports = {port.number for port in one.service.ports} if one.service else set()
        for number in sorted({listener.port for listener in listeners if listener.server} - ports):
            known = ", ".join(map(str, sorted(ports)))
            yield f"Service {one.host} has no port {number}, only {known}"


def _not_programmed(reason: str, message: str) -> Condition:
    return Condition("Programmed", False, reason, message)


def _listener(listener: Opened, attached: int, *, ready: Condition) -> ListenerStatus:
    return ListenerStatus(
        name=listener.name,
        kinds=listener.kinds,
        attached=attached,
        conditions=(*listener.conditions, _listener_programmed(listener, ready)),
    )


def _listener_programmed(listener: Opened, ready: Condition) -> Condition:
    if listener.server is None:
        why = next((one.message for one in (listener.accepted, listener.resolved) if not one.status), "")
        return _not_programmed("Invalid", why or listener.conflict.message)
    if not ready.status and ready.reason == "Invalid":
        return _not_programmed("Invalid", ready.message)
    if not ready.status:
        return _not_programmed("Pending", ready.message)
    return Condition("Programmed", True, "Programmed", "Proxies are told of it")


def _kind(address: str) -> str:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return "Hostname"
    return "IPAddress"
