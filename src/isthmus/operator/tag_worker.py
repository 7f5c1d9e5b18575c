"""Makes `IstioRevisionTag` resources true: the webhooks and the Service under which a revision is chosen by name.

Knows one pass over one resource.
"""

from __future__ import annotations

from isthmus.kube.timestamps import format_time
from isthmus.operator import conditions
from isthmus.operator.conditions import Finding
from isthmus.operator.desired import of_tag
from isthmus.operator.kinds import ISTIO_REVISION_TAG
from isthmus.operator.resources.istio_revision_tag import IstioRevisionTagStatus
from isthmus.operator.resources.resource import IstioRevision, IstioRevisionTag
from isthmus.operator.revision_worker import source_of
from isthmus.operator.shell import RETRY, Shell, make_true, take_away
from isthmus.operator.usage import users_of_name
from isthmus.operator.writing import hold, let_go, write_status

_GONE = 0.5


async def reconcile(shell: Shell, name: str) -> float | None:
    """One pass; gives the seconds after which to look again."""
    tag = shell.state.tags.get(name)
    if tag is None:
        return None
    if tag.deleting:
        if not await take_away(shell, tag.metadata):
            return _GONE
        await let_go(shell.client, ISTIO_REVISION_TAG, tag.metadata)
        return None
    await hold(shell.client, ISTIO_REVISION_TAG, tag.metadata)
    revision = _target(shell, tag)
    finding = await _make_true(shell, tag, revision)
    await write_status(shell.client, ISTIO_REVISION_TAG, tag, _status(shell, tag, revision, finding))
    return RETRY if finding.reason else None


def _target(shell: Shell, tag: IstioRevisionTag) -> IstioRevision | None:
    """The revision that a tag leads to: the one named, or the active one of an Istio."""
    reference = tag.spec.target_ref
    name = reference.name
    if reference.kind == "Istio":
        istio = shell.state.istios.get(name)
        name = istio.status.active_revision_name if istio and istio.status else ""
    found = shell.state.revisions.get(name)
    return None if found is None or found.deleting else found


async def _make_true(shell: Shell, tag: IstioRevisionTag, revision: IstioRevision | None) -> Finding:
    same = shell.state.revisions.get(tag.name)  # of one second, the revision is the older one
    if same is not None and same.metadata.creation_timestamp <= tag.metadata.creation_timestamp:
        return Finding("NameAlreadyExists", f"IstioRevision {same.name} has this name; choose another for the tag")
    if revision is None:
        reference = tag.spec.target_ref
        return Finding("RefNotFound", f"spec.targetRef: there is no {reference.kind} {reference.name} with a revision")
    source, namespace = source_of(shell, revision), revision.spec.namespace
    outcome = await make_true(shell, ISTIO_REVISION_TAG, tag.metadata, namespace, lambda: of_tag(source, tag.name))
    return outcome.finding


def _status(
    shell: Shell, tag: IstioRevisionTag, revision: IstioRevision | None, finding: Finding
) -> IstioRevisionTagStatus:
    former = tag.status or IstioRevisionTagStatus()
    users = users_of_name(tag.name, shell.state.users)
    wanted = [conditions.healthy(conditions.RECONCILED, finding), conditions.in_use(users)]
    found = conditions.settled(former.conditions, wanted, format_time(shell.now()))
    leads = revision if revision is not None and not finding.reason else None
    return IstioRevisionTagStatus(
        observed_generation=tag.metadata.generation,
        conditions=found,
        state=conditions.state(found),
        istiod_namespace=leads.spec.namespace if leads else "",
        istio_revision=leads.name if leads else "",
    )
