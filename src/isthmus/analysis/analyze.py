"""All analyzers over one snapshot, and what of their findings a user asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

import msgspec

from isthmus.analysis.consistency import consistency
from isthmus.analysis.destination_rules import destination_rules
from isthmus.analysis.finding import Finding, Findings, in_order
from isthmus.analysis.gateways import gateways
from isthmus.analysis.namespaces import namespaces
from isthmus.analysis.networks import networks
from isthmus.analysis.objects import objects
from isthmus.analysis.roots import roots
from isthmus.analysis.services import services
from isthmus.analysis.sidecars import sidecars
from isthmus.analysis.snapshot import Snapshot
from isthmus.analysis.virtual_services import virtual_services
from isthmus.analysis.webhooks import webhooks

ANALYZERS: Mapping[str, Callable[[Snapshot], Findings]] = {
    "objects": objects,
    "virtual-services": virtual_services,
    "destination-rules": destination_rules,
    "gateways": gateways,
    "sidecars": sidecars,
    "services": services,
    "namespaces": namespaces,
    "webhooks": webhooks,
    "networks": networks,
    "roots": roots,
    "consistency": consistency,
}


class Suppression(msgspec.Struct, frozen=True):
    """Findings that a user does not want to see: a code, and a pattern for ``Kind namespace/name``."""

    code: str
    resource: str

    def hides(self, finding: Finding) -> bool:
        """Whether it applies; ``Kind name.namespace``, as in Istio's examples, is understood too."""
        origin = finding.origin
        dotted = f"{origin.kind} {origin.name}.{origin.namespace}"
        return finding.code.id == self.code and (
            fnmatchcase(str(origin), self.resource) or fnmatchcase(dotted, self.resource)
        )


def analyze(snapshot: Snapshot, namespace: str = "", suppressed: tuple[Suppression, ...] = ()) -> list[Finding]:
    """Findings in order; an empty namespace is all of them. Findings about the mesh are always there."""
    several = len(snapshot.clusters) > 1
    everything = [*snapshot.reading, *(finding for run in ANALYZERS.values() for finding in run(snapshot))]
    wanted = (
        msgspec.structs.replace(finding, with_cluster=several)
        for finding in everything
        if not namespace or finding.code.wide or finding.origin.within(namespace)
    )
    return in_order(finding for finding in wanted if not any(rule.hides(finding) for rule in suppressed))
