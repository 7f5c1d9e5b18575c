"""Rules of transparent capture (TPROXY): inbound connections keep their client's address.

Knows: how marks and a routing table of its own lead packets to Envoy without rewriting them.
Does not know the routes themselves (``install``).
"""

from __future__ import annotations

from collections.abc import Iterator

from isthmus.capture.rule import ACCEPT, MANGLE, OUTPUT, PREROUTING, RETURN, Action, Match, Owner, Rule
from isthmus.capture.settings import Capture

INBOUND, DIVERT, TPROXY = "ISTIO_INBOUND", "ISTIO_DIVERT", "ISTIO_TPROXY"


def transparent_chains(capture: Capture) -> Iterator[Rule]:
    """The chains that mark known connections and hand new ones to Envoy."""
    inbound = capture.inbound
    yield Rule(MANGLE, DIVERT, Match(), Action("mark", number=inbound.mark))
    yield Rule(MANGLE, DIVERT, Match(), ACCEPT)
    to_envoy = Action("tproxy", number=inbound.capture_port, mark=inbound.mark)
    for family in capture.families:
        match = Match(destination=family.loopback, not_destination=True, protocol="tcp")
        yield Rule(MANGLE, TPROXY, match, to_envoy, family.version)


def mark_rules(capture: Capture) -> Iterator[Rule]:
    """Marks that follow a connection through the application and back, and what must not be captured again."""
    mark = capture.inbound.mark
    yield Rule(MANGLE, PREROUTING, Match(protocol="tcp", mark=mark), Action("save-mark"))
    yield Rule(MANGLE, OUTPUT, Match(protocol="tcp", out_interface="lo", mark=mark), RETURN)
    yield from _own_connections(capture)
    yield Rule(MANGLE, OUTPUT, Match(protocol="tcp", connection_mark=mark), Action("restore-mark"))
    yield from _exceptions(capture)


def _own_connections(capture: Capture) -> Iterator[Rule]:
    """Envoy's outbound side calls its own inbound side: told apart from the application by another mark."""
    owners = [Owner("user", name) for name in capture.users]
    owners += [Owner("group", name) for name in capture.user_groups]
    marked = Action("mark", number=capture.inbound.outbound_mark)
    for owner in owners:
        for family in capture.families:
            match = Match(
                out_interface="lo",
                destination=family.loopback,
                not_destination=True,
                protocol="tcp",
                owner=owner,
            )
            yield Rule(MANGLE, OUTPUT, match, marked, family.version)


def _exceptions(capture: Capture) -> Iterator[Rule]:
    """Stand first in the inbound chain; written last to first, because each goes before those that stand."""
    inbound = capture.inbound
    application = Match(protocol="tcp", in_interface="lo", mark=inbound.outbound_mark, not_mark=True)
    yield Rule(MANGLE, INBOUND, application, RETURN, first=True)
    for family in capture.families:
        passed_on = Match(protocol="tcp", in_interface="lo", source=family.passthrough_source)
        yield Rule(MANGLE, INBOUND, passed_on, RETURN, family.version, first=True)
    yield Rule(MANGLE, INBOUND, Match(protocol="tcp", mark=inbound.mark), RETURN, first=True)
