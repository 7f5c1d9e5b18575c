"""Remote secrets: whether they lead where their keys say, once each, and in both directions."""

from __future__ import annotations

import re

from isthmus.analysis.finding import Findings, found
from isthmus.analysis.remote_secrets import remote_clusters
from isthmus.checks.codes import (
    CLUSTER_UNDER_TWO_NAMES,
    CONTROL_PLANE_SAYS,
    JOINED_ONE_WAY,
    KEY_IS_NO_LABEL,
    KEY_IS_NOT_THE_NAME,
    SECRET_LEADS_HOME,
)
from isthmus.checks.facts import Fleet, Link, Member

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SYNCED = "synced"


def links(fleet: Fleet) -> Findings:
    """ISM0101 to ISM0104, ISM0110, ISM0115 to ISM0117 for credentials; ISM0201 to ISM0206."""
    for member in fleet.members:
        yield from remote_clusters(member.snapshot, fleet.system_namespace)[1]
        for link in member.links:
            yield from link.findings
            yield from _spelling(link)
            yield from _target(fleet, member, link)
        yield from _twice(member)
        yield from _one_way(fleet, member)
        yield from _words(member)


def _spelling(link: Link) -> Findings:
    key = link.remote.name
    if not _LABEL.fullmatch(key):
        proposed = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:63]
        yield found(KEY_IS_NO_LABEL, link.remote.origin, key, proposed)


def _target(fleet: Fleet, member: Member, link: Link) -> Findings:
    key, origin = link.remote.name, link.remote.origin
    if link.uid == member.uid:
        if key != member.name:
            yield found(SECRET_LEADS_HOME, origin, key, member.option, origin.namespace, origin.name)
        return
    target = fleet.member(link.uid)
    if target and target.reported and key not in target.reported:
        names = " and ".join(sorted(target.reported))
        yield found(KEY_IS_NOT_THE_NAME, origin, key, names, target.option, member.option)


def _twice(member: Member) -> Findings:
    first: dict[str, Link] = {}
    for link in member.links:
        if not link.uid or link.uid == member.uid:
            continue
        other = first.setdefault(link.uid, link)
        if other.remote.name != link.remote.name:
            origin = link.remote.origin
            keys = (other.remote.name, link.remote.name)
            yield found(CLUSTER_UNDER_TWO_NAMES, origin, *keys, member.option, origin.namespace, origin.name)


def _one_way(fleet: Fleet, member: Member) -> Findings:
    """For clusters with a control plane of their own, whose secrets could be read."""
    for link in member.links:
        target = fleet.member(link.uid)
        if target is None or target is member or "Secret" in target.snapshot.unreadable:
            continue
        both = fleet.system_namespace in member.control_plane_namespaces() & target.control_plane_namespaces()
        back = member.uid in {answer.uid for answer in target.links}
        failed = member.name in {answer.remote.name for answer in target.links}
        if both and not back and not failed:
            names = (member.name, target.name, member.option, target.option)
            yield found(JOINED_ONE_WAY, link.remote.origin, *names)


def _words(member: Member) -> Findings:
    for word in member.words:
        if word.state != _SYNCED or word.error:
            yield found(CONTROL_PLANE_SAYS, word.pod, word.cluster, ": ".join(filter(None, (word.state, word.error))))
