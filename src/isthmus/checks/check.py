"""All checks over one fleet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from isthmus.analysis.consistency import missing
from isthmus.analysis.finding import Finding, Findings, in_order
from isthmus.analysis.namespaces import without_root
from isthmus.analysis.networks import networks
from isthmus.analysis.roots import roots
from isthmus.checks.exposure import exposure
from isthmus.checks.facts import Fleet
from isthmus.checks.identity import identity
from isthmus.checks.injection import injection
from isthmus.checks.links import links
from isthmus.checks.services import services

CHECKS: Mapping[str, Callable[[Fleet], Findings]] = {
    "remote secrets": links,
    "identity": identity,
    "roots": lambda fleet: roots(fleet.snapshot),
    "root certificates of namespaces": lambda fleet: without_root(fleet.snapshot),
    "networks": lambda fleet: networks(fleet.snapshot),
    "gateways of networks": exposure,
    "injection": injection,
    "services": services,
    "services that are missing": lambda fleet: missing(fleet.snapshot),
}


def check(fleet: Fleet) -> list[Finding]:
    """Findings in order, the worst first; each names its cluster."""
    found = (finding for run in CHECKS.values() for finding in run(fleet))
    return in_order(msgspec.structs.replace(finding, with_cluster=True) for finding in found)
