"""Services of one name in several clusters: in what they contradict each other."""

from __future__ import annotations

from isthmus.analysis.consistency import copies
from isthmus.analysis.finding import Findings, found
from isthmus.analysis.services import protocol_of
from isthmus.analysis.snapshot import Entry
from isthmus.api.core_service import Service, ServicePort
from isthmus.checks.codes import HEADLESS_DIFFERS, PORT_NAMES_DIFFER, PORTS_DIFFER, PROTOCOLS_DIFFER
from isthmus.checks.facts import Fleet


def services(fleet: Fleet) -> Findings:
    """ISM0240 to ISM0243, each cluster compared with the first that has the Service."""
    for several in copies(fleet.snapshot).values():
        for other in several[1:]:
            yield from _compare(several[0], other)


def _compare(one: Entry[Service], two: Entry[Service]) -> Findings:
    here, there = one.origin.cluster, two.origin.cluster
    if one.value.headless != two.value.headless:
        headless, addressed = (here, there) if one.value.headless else (there, here)
        yield found(HEADLESS_DIFFERS, two.origin.at("spec.clusterIP"), headless, addressed)
    ours, theirs = _by_number(one.value), _by_number(two.value)
    if ours.keys() != theirs.keys():
        yield found(PORTS_DIFFER, two.origin.at("spec.ports"), _text(ours), here, _text(theirs), there)
    for number in sorted(ours.keys() & theirs.keys()):
        mine, other = ours[number], theirs[number]
        if mine.name != other.name:
            names = (mine.name or '""', here, other.name or '""', there)
            yield found(PORT_NAMES_DIFFER, two.origin.at(f"spec.ports[{number}].name"), number, *names)
        if protocol_of(mine) is not protocol_of(other):
            kinds = (protocol_of(mine), here, protocol_of(other), there)
            yield found(PROTOCOLS_DIFFER, two.origin.at(f"spec.ports[{number}].appProtocol"), number, *kinds)


def _by_number(service: Service) -> dict[int, ServicePort]:
    return {port.port: port for port in service.spec.ports}


def _text(ports: dict[int, ServicePort]) -> str:
    return ", ".join(str(number) for number in sorted(ports)) or "none"
