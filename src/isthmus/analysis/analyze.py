"""All analyzers over one snapshot, and what of their findings a user asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

import msgspec

from isthmus.analysis.cluster_codes import INCOMPLETE
from isthmus.analysis.consistency import consistency
from isthmus.analysis.destination_rules import destination_rules
from isthmus.analysis.finding import Finding, Findings, Origin, found, in_order
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


class Analyzer(msgspec.Struct, frozen=True):
    """One analyzer, and the kinds without which its findings would be wrong."""

    run: Callable[[Snapshot], Findings]
    needs: frozenset[str] = frozenset()


ANALYZERS: Mapping[str, Analyzer] = {
    "objects": Analyzer(objects),
    "virtual-services": Analyzer(
        virtual_services, frozenset({"Service", "ServiceEntry", "Gateway", "DestinationRule"})
    ),
    "destination-rules": Analyzer(destination_rules),
    "gateways": Analyzer(gateways, frozenset({"Pod", "Service"})),
    "sidecars": Analyzer(sidecars, frozenset({"Pod"})),
    "services": Analyzer(services),
    "namespaces": Analyzer(namespaces, frozenset({"Pod"})),
    "webhooks": Analyzer(webhooks, frozenset({"Service"})),
    "networks": Analyzer(networks, frozenset({"Namespace", "Service", "Secret"})),
    "roots": Analyzer(roots),
    "consistency": Analyzer(consistency),
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
    everything = [*snapshot.reading, *_run_all(snapshot)]
    wanted = (
        msgspec.structs.replace(finding, with_cluster=several)
        for finding in everything
        if not namespace or finding.code.wide or finding.origin.within(namespace)
    )
    return in_order(finding for finding in wanted if not any(rule.hides(finding) for rule in suppressed))


def _run_all(snapshot: Snapshot) -> Findings:
    skipped = []
    for name, analyzer in ANALYZERS.items():
        if analyzer.needs & snapshot.own.unreadable:
            skipped.append(name)
        else:
            yield from analyzer.run(snapshot)
    if skipped:
        origin = Origin(snapshot.own.name, "Cluster", "", snapshot.own.name)
        yield found(INCOMPLETE, origin, ", ".join(sorted(snapshot.own.unreadable)), ", ".join(skipped))
