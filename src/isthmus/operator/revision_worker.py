"""Makes `IstioRevision` resources true: the objects of a control plane, or of the use of one elsewhere.

Knows one pass over one resource. The way from values to objects is `desired`'s.
"""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.install.manifests import Identity
from isthmus.install.render import Object
from isthmus.kube.timestamps import format_time, parse_time
from isthmus.operator import conditions, readiness
from isthmus.operator.conditions import Finding
from isthmus.operator.desired import Desired, RevisionSource, needs_agent, of_revision, with_agent
from isthmus.operator.injector import injector_of
from isthmus.operator.kinds import ISTIO_REVISION
from isthmus.operator.leftovers import control_plane_pods, remove_published
from isthmus.operator.profiles import is_remote
from isthmus.operator.resources.resource import IstioRevision
from isthmus.operator.resources.status import Condition, Status
from isthmus.operator.revisions import DEFAULT, check
from isthmus.operator.shell import RETRY, Outcome, Shell, installed, make_true, take_away
from isthmus.operator.usage import users_of_revision
from isthmus.operator.writing import hold, let_go, write_status

_GONE = 0.5  # seconds between looks at what is still there of a deleted revision
_FAREWELL = 60.0  # seconds after which pods that do not end hold nothing up any more


async def reconcile(shell: Shell, name: str) -> float | None:
    """One pass; gives the seconds after which to look again."""
    revision = shell.state.revisions.get(name)
    if revision is None:
        return None
    if revision.deleting:
        return await _finish(shell, revision)
    await hold(shell.client, ISTIO_REVISION, revision.metadata)
    outcome = await _make_true(shell, revision)
    await write_status(shell.client, ISTIO_REVISION, revision, _status(shell, revision, outcome))
    return RETRY if outcome.finding.reason else None


def source_of(shell: Shell, revision: IstioRevision) -> RevisionSource:
    """A revision as its objects are rendered from it."""
    present = any(not each.deleting for each in shell.state.agents.all)
    values = with_agent(revision.spec.values, present=present)
    return RevisionSource(revision.name, revision.spec.namespace, values, shell.images)


async def _make_true(shell: Shell, revision: IstioRevision) -> Outcome:
    tag = shell.state.tags.get(revision.name)
    if tag is not None and tag.metadata.creation_timestamp < revision.metadata.creation_timestamp:
        taken = Finding(
            "NameAlreadyExists", f"IstioRevisionTag {tag.name} has this name; choose another for one of them"
        )
        return Outcome(taken, shell.state.live(revision.metadata.uid))

    def render() -> Desired:
        check(revision.name, revision.spec)
        return of_revision(source_of(shell, revision))

    return await make_true(shell, ISTIO_REVISION, revision.metadata, revision.spec.namespace, render)


async def _finish(shell: Shell, revision: IstioRevision) -> float | None:
    """Everything goes; what a control plane wrote on its own goes last, when it has ended."""
    if not await take_away(shell, revision.metadata):
        return _GONE
    age = shell.now() - parse_time(revision.metadata.deletion_timestamp)
    if age < _FAREWELL and await control_plane_pods(shell.client, revision):
        return _GONE
    if all(each.deleting for each in shell.state.revisions.all):
        await remove_published(shell.client)
    await let_go(shell.client, ISTIO_REVISION, revision.metadata)
    return None


def _status(shell: Shell, revision: IstioRevision, outcome: Outcome) -> Status:
    former = revision.status or Status()
    wanted = _conditions(shell, revision, outcome)
    found = conditions.settled(former.conditions, wanted, format_time(shell.now()))
    return Status(observed_generation=revision.metadata.generation, conditions=found, state=conditions.state(found))


def _conditions(shell: Shell, revision: IstioRevision, outcome: Outcome) -> list[Condition]:
    values = source_of(shell, revision).values
    finding = outcome.finding
    if not finding.reason:
        finding = Finding("", installed(revision.spec.version, _warnings(shell, revision)))
    ready = _readiness(revision, outcome.live)
    dependencies = readiness.of_dependencies(shell.state.agents.all, needs_agent=needs_agent(values))
    users = users_of_revision(revision.name, shell.state.tags.all, shell.state.users)
    return [
        conditions.healthy(conditions.RECONCILED, finding),
        conditions.healthy(conditions.READY, ready),
        conditions.in_use(users),
        conditions.healthy(conditions.DEPENDENCIES, dependencies),
    ]


def _warnings(shell: Shell, revision: IstioRevision) -> tuple[str, ...]:
    return of_revision(source_of(shell, revision)).warnings


def _readiness(revision: IstioRevision, live: Mapping[Identity, Object]) -> Finding:
    if is_remote(revision.spec.values):
        return readiness.of_remote(injector_of(live))
    name = "istiod" if revision.name == DEFAULT else f"istiod-{revision.name}"
    found = live.get(Identity("Deployment", revision.spec.namespace, name))
    return readiness.of_deployment(found, name)
