"""Makes `Istio` resources true: keeps the active revision, and lets inactive ones go.

Knows one pass over one resource. What a revision consists of is the revision's own worker's.
"""

from __future__ import annotations

import msgspec

from isthmus.install.apply_objects import MANAGER
from isthmus.kube.client import Writing
from isthmus.kube.errors import ApiError, KubeError
from isthmus.kube.timestamps import format_time
from isthmus.operator import conditions
from isthmus.operator.conditions import Finding
from isthmus.operator.errors import SpecError
from isthmus.operator.kinds import ISTIO, ISTIO_REVISION
from isthmus.operator.moving import move
from isthmus.operator.ownership import reference
from isthmus.operator.resources.istio import IstioStatus, RevisionCounts
from isthmus.operator.resources.istio_revision import IstioRevisionSpec
from isthmus.operator.resources.resource import Istio, IstioRevision
from isthmus.operator.resources.status import Condition, condition
from isthmus.operator.revisions import active_name, active_spec, check, owned, retirement
from isthmus.operator.shell import RECONCILE_ERROR, RETRY, Shell
from isthmus.operator.writing import hold, let_go, write_status

_COPIED = (conditions.RECONCILED, conditions.READY, conditions.DEPENDENCIES)


async def reconcile(shell: Shell, name: str) -> float | None:
    """One pass; gives the seconds after which to look again."""
    istio = shell.state.istios.get(name)
    if istio is None:
        return None
    mine = owned(istio, shell.state.revisions.all)
    if istio.deleting:
        await _finish(shell, istio, mine)
        return None
    await hold(shell.client, ISTIO, istio.metadata)
    active = active_name(istio.name, istio.spec)
    finding = await _keep_active(shell, istio, active)
    again = await _retire(shell, istio, mine, active)
    await _move_workloads(shell, istio, mine, active)
    await write_status(shell.client, ISTIO, istio, _status(shell, istio, mine, active, finding))
    return RETRY if finding.reason == RECONCILE_ERROR else again


async def _finish(shell: Shell, istio: Istio, mine: tuple[IstioRevision, ...]) -> None:
    """A deleted Istio goes when its revisions, and with them all that they made, are gone."""
    for revision in mine:
        await _delete(shell, revision)
    if not mine:
        await let_go(shell.client, ISTIO, istio.metadata)


async def _delete(shell: Shell, revision: IstioRevision) -> None:
    if revision.deleting:
        return
    try:
        await shell.client.delete(ISTIO_REVISION, revision.name)
    except ApiError as problem:
        if not problem.not_found:
            raise


async def _keep_active(shell: Shell, istio: Istio, active: str) -> Finding:
    """Create or change the active revision; says what stands against it, or that it is only now being changed."""
    try:
        spec = active_spec(istio.name, istio.spec, shell.default_profile)
        check(active, spec)
        changed = await _put_revision(shell, istio, active, spec)
    except (SpecError, KubeError) as problem:
        return Finding(RECONCILE_ERROR, str(problem))
    return Finding("IstiodNotReady", f"IstioRevision {active} is being changed") if changed else conditions.WELL


async def _put_revision(shell: Shell, istio: Istio, name: str, spec: IstioRevisionSpec) -> bool:
    """True when something was written."""
    found = shell.state.revisions.get(name)
    written = {"version": spec.version, "namespace": spec.namespace, "values": spec.values}
    if found is None:
        metadata = {"name": name, "ownerReferences": [reference(ISTIO, istio.metadata) | {"controller": True}]}
        body = {
            "apiVersion": ISTIO_REVISION.api_version,
            "kind": "IstioRevision",
            "metadata": metadata,
            "spec": written,
        }
        await shell.client.create(ISTIO_REVISION, body, writing=Writing(manager=MANAGER))
        return True
    if not owned(istio, (found,)):
        raise SpecError(f"IstioRevision {name} exists and belongs to somebody else; rename this Istio, or delete it")
    if found.deleting:
        raise SpecError(f"IstioRevision {name} is being deleted; it is created again when it is gone")
    if found.spec == spec:
        return False
    patch = [{"op": "replace", "path": "/spec", "value": written}]
    await shell.client.json_patch(ISTIO_REVISION, name, patch, writing=Writing(manager=MANAGER))
    return True


async def _retire(shell: Shell, istio: Istio, mine: tuple[IstioRevision, ...], active: str) -> float | None:
    found = retirement(istio, mine, active, shell.now())
    for revision in found.now:
        await _delete(shell, revision)
    return found.again


async def _move_workloads(shell: Shell, istio: Istio, mine: tuple[IstioRevision, ...], active: str) -> None:
    """Once the new revision is ready, workloads of the others go to it where that is wished for."""
    if not istio.spec.update_strategy.update_workloads:
        return
    ready = next((each for each in mine if each.name == active and _is(each, conditions.READY)), None)
    leaving = [each.name for each in mine if each.name != active and _is(each, conditions.IN_USE)]
    if ready is not None and leaving:
        await move(shell.client, leaving, active)


def _is(revision: IstioRevision, kind: str) -> bool:
    found = condition(revision.status.conditions, kind) if revision.status else None
    return found is not None and found.status == "True"


def _status(shell: Shell, istio: Istio, mine: tuple[IstioRevision, ...], active: str, finding: Finding) -> IstioStatus:
    former = istio.status or IstioStatus()
    wanted = _conditions(next((each for each in mine if each.name == active), None), active, finding)
    found = conditions.settled(former.conditions, wanted, format_time(shell.now()))
    counts = RevisionCounts(
        total=len(mine),
        ready=sum(_is(each, conditions.READY) for each in mine),
        in_use=sum(_is(each, conditions.IN_USE) for each in mine),
    )
    return IstioStatus(
        observed_generation=istio.metadata.generation,
        conditions=found,
        state=conditions.state(found),
        active_revision_name=active,
        revisions=counts,
    )


def _conditions(active: IstioRevision | None, name: str, finding: Finding) -> list[Condition]:
    """The active revision's conditions; where it cannot be looked at, why not."""
    if finding.reason == RECONCILE_ERROR:
        unknown = Condition(type=conditions.READY, status="Unknown", reason=finding.reason, message=finding.message)
        return [conditions.healthy(conditions.RECONCILED, finding), unknown]
    if finding.reason:
        return [conditions.healthy(conditions.READY, finding)]
    if active is None:
        missing = Finding("ActiveRevisionNotFound", f"IstioRevision {name} does not exist")
        return [conditions.healthy(kind, missing) for kind in (conditions.RECONCILED, conditions.READY)]
    if active.status is None or active.status.observed_generation != active.metadata.generation:
        return [
            conditions.healthy(conditions.READY, Finding("IstiodNotReady", f"IstioRevision {name} is being changed"))
        ]
    found = (condition(active.status.conditions, kind) for kind in _COPIED)
    return [msgspec.structs.replace(each, last_transition_time="") for each in found if each is not None]
