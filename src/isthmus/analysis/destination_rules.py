"""DestinationRules that encrypt without verifying whom they talk to."""

from __future__ import annotations

from isthmus.analysis.codes import UNVERIFIED_HOST, UNVERIFIED_PORT
from isthmus.analysis.finding import Findings, found
from isthmus.analysis.snapshot import Snapshot
from isthmus.api.tls import ClientTlsSettings


def destination_rules(snapshot: Snapshot) -> Findings:
    """IST0128 and IST0129."""
    for row in snapshot.own.destination_rules:
        policy = row.value.spec.traffic_policy
        if policy is None:
            continue
        about = (row.value.name, row.value.namespace)
        host = row.value.spec.host
        if policy.tls and _unverified(policy.tls):
            yield found(UNVERIFIED_HOST, row.origin, *about, policy.tls.mode, host)
        for entry in policy.port_level_settings:
            if entry.tls and entry.port and _unverified(entry.tls):
                yield found(UNVERIFIED_PORT, row.origin, *about, entry.tls.mode, host, entry.port.number)


def _unverified(tls: ClientTlsSettings) -> bool:
    encrypted = tls.mode in ("SIMPLE", "MUTUAL")
    return encrypted and not (tls.ca_certificates or tls.credential_name or tls.subject_alt_names)
