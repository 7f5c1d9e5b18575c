"""Root certificates of clusters: two clusters without a common root cannot talk."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from itertools import combinations

from isthmus.analysis.cluster_codes import ROOTS_DIFFER
from isthmus.analysis.finding import Findings, Origin, found
from isthmus.analysis.namespaces import ROOT_CONFIG_MAP
from isthmus.analysis.snapshot import ClusterSnapshot, Snapshot

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


def roots(snapshot: Snapshot) -> Findings:
    """ISM0105, for every pair of clusters whose roots are known."""
    known = [(cluster, fingerprints(cluster, snapshot.system_namespace)) for cluster in snapshot.clusters]
    for (one, ours), (two, theirs) in combinations(known, 2):
        if ours and theirs and not ours & theirs:
            origin = Origin(one.name, "ConfigMap", snapshot.system_namespace, ROOT_CONFIG_MAP)
            yield found(ROOTS_DIFFER, origin, one.name, two.name, _text(ours), _text(theirs))


def fingerprints(cluster: ClusterSnapshot, system_namespace: str) -> frozenset[str]:
    """SHA-256 of every root that the cluster's workloads trust; empty when none is published."""
    for entry in cluster.config_maps:
        if entry.origin.name == ROOT_CONFIG_MAP and entry.origin.namespace == system_namespace:
            bodies = _CERTIFICATE.findall(entry.value.data.get("root-cert.pem", ""))
            return frozenset(filter(None, map(_fingerprint, bodies)))
    return frozenset()


def _fingerprint(body: str) -> str:
    try:
        return hashlib.sha256(base64.b64decode("".join(body.split()), validate=True)).hexdigest()
    except binascii.Error:
        return ""


def _text(prints: frozenset[str]) -> str:
    return ", ".join(f"{print_[:16]}…" for print_ in sorted(prints))
