"""From an `Istio` to its revisions: what the active one is called and what its spec is, and which may go.

Pure: resources in, specs and names out.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.install.value_tree import at
from isthmus.kube.timestamps import parse_time
from isthmus.operator.errors import SpecError
from isthmus.operator.profiles import with_profiles
from isthmus.operator.resources.istio import IstioSpec
from isthmus.operator.resources.istio_revision import IstioRevisionSpec
from isthmus.operator.resources.resource import Istio, IstioRevision
from isthmus.operator.resources.status import Condition, condition
from isthmus.operator.resources.versions import resolved

DEFAULT = "default"
_LONGEST = 63  # a revision is a label's value


def active_name(name: str, spec: IstioSpec) -> str:
    """What the active revision of an `Istio` is called."""
    if spec.update_strategy.type == "InPlace":
        return name
    return f"{name}-{resolved(spec.version).replace('.', '-')}"


def active_spec(name: str, spec: IstioSpec, default_profile: str) -> IstioRevisionSpec:
    """The spec of the active revision. Raises SpecError."""
    revision = active_name(name, spec)
    if len(revision) > _LONGEST:
        raise SpecError(
            f"metadata.name: revision {revision} is longer than {_LONGEST} characters; choose a shorter name"
        )
    values = with_profiles(spec.values, default_profile, spec.profile or "")
    return IstioRevisionSpec(version=spec.version, namespace=spec.namespace, values=values)


def check(name: str, spec: IstioRevisionSpec) -> None:
    """Raise SpecError for values that contradict the resource that they stand in."""
    expected = {
        ("global", "istioNamespace"): (spec.namespace, "spec.namespace"),
        ("revision",): ("" if name == DEFAULT else name, "metadata.name"),
    }
    for path, (wanted, field) in expected.items():
        given = at(spec.values, *path)
        if given not in (None, "", wanted):
            text = f"spec.values.{'.'.join(path)}: {given!r} contradicts {field}; leave it out"
            raise SpecError(f"{text}, it is set to {wanted!r}")


def owned(istio: Istio, revisions: Iterable[IstioRevision]) -> tuple[IstioRevision, ...]:
    """The revisions that belong to an `Istio`, oldest first."""
    mine = (each for each in revisions if any(o.uid == istio.metadata.uid for o in each.metadata.owner_references))
    return tuple(sorted(mine, key=lambda each: each.metadata.age_key))


class Retirement(msgspec.Struct, frozen=True):
    """Which inactive revisions go now, and in how many seconds the next one is due (None: none is)."""

    now: tuple[IstioRevision, ...] = ()
    again: float | None = None


def retirement(istio: Istio, mine: Iterable[IstioRevision], active: str, now: float) -> Retirement:
    """The inactive revisions that nobody has used for the grace period. `now` is in seconds since the epoch."""
    grace = istio.spec.update_strategy.inactive_revision_deletion_grace_period_seconds
    going, waits = [], []
    for revision in mine:
        unused = _unused_since(revision)
        if revision.name == active or revision.deleting or unused is None:
            continue
        left = unused + grace - now
        if left <= 0:
            going.append(revision)
        else:
            waits.append(left)
    return Retirement(tuple(going), min(waits, default=None))


def _unused_since(revision: IstioRevision) -> float | None:
    """When the last workload left a revision; None while it is used, or nobody has looked yet."""
    in_use: Condition | None = condition(revision.status.conditions, "InUse") if revision.status else None
    if in_use is None or in_use.status != "False":
        return None
    return parse_time(in_use.last_transition_time)
