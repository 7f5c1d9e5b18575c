"""Whether a route may attach to the listeners that a parent reference means, and with which hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from isthmus.api.gateway_api.references import GROUP, ParentReference
from isthmus.api.wire import Labels
from isthmus.model.status import Condition
from isthmus.translate.gateway_api.listeners import Opened
from isthmus.translate.gateways.binding import common_hosts
from isthmus.translate.gateways.hosts import ServerHost


class Attaching(msgspec.Struct, frozen=True):
    """A route, as far as listeners look at it."""

    kind: str
    namespace: str
    hostnames: tuple[str, ...]


class Attached(msgspec.Struct, frozen=True):
    """The listeners that take a route, each with the hosts that both have; or why none does."""

    accepted: Condition
    listeners: tuple[tuple[Opened, tuple[str, ...]], ...] = ()


def attach(
    route: Attaching,
    parent: ParentReference,
    gateway: tuple[str, Iterable[Opened]],
    labels_of: Callable[[str], Labels],
) -> Attached:
    """How a Gateway (its namespace and listeners) takes a route. ``labels_of``: labels of a namespace."""
    own, listeners = gateway
    meant = [one for one in listeners if _is_meant(one, parent)]
    if not meant:
        wanted = f"listener {parent.section_name}" if parent.section_name else f"listener on port {parent.port}"
        return _refused("NoMatchingParent", f"Gateway {parent.name} has no {wanted}")
    admitting = [one for one in meant if _admits(one, route, own, labels_of)]
    if not admitting:
        message = f"no listener of Gateway {parent.name} allows a {route.kind} from namespace {route.namespace}"
        return _refused("NotAllowedByListeners", message)
    found = ((one, hosts_in_common(one.hostname, route.hostnames)) for one in admitting)
    taking = tuple((one, hosts) for one, hosts in found if hosts)
    if not taking:
        message = f"no listener of Gateway {parent.name} serves {', '.join(route.hostnames)}"
        return _refused("NoMatchingListenerHostname", message)
    return Attached(Condition("Accepted", True, "Accepted", "The route is attached"), taking)


def is_gateway(parent: ParentReference) -> bool:
    """Whether a reference means a Gateway."""
    return (parent.group, parent.kind) == (GROUP, "Gateway")


def hosts_in_common(listener: str, hostnames: tuple[str, ...]) -> tuple[str, ...]:
    """The more specific of each pair of hosts that cover each other; a route without hosts takes the listener's."""
    if not hostnames:
        return (listener,)
    return common_hosts((name.lower() for name in hostnames), [ServerHost("*", listener)])


def _is_meant(listener: Opened, parent: ParentReference) -> bool:
    return parent.section_name in (None, listener.name) and parent.port in (None, listener.port)


def _admits(listener: Opened, route: Attaching, own: str, labels_of: Callable[[str], Labels]) -> bool:
    if route.kind not in listener.kinds:
        return False
    match listener.namespaces.from_:
        case "All":
            return True
        case "Same":
            return route.namespace == own
        case "Selector":
            selector = listener.namespaces.selector
            return selector is not None and selector.selects(labels_of(route.namespace))
        case _:
            return False


def _refused(reason: str, message: str) -> Attached:
    return Attached(Condition("Accepted", False, reason, message))
