"""Conditions: from what was found to what is reported.

Knows Sail's types and reasons, and when a time of transition changes. Reads no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from isthmus.operator.resources.status import HEALTHY, Condition

RECONCILED = "Reconciled"
READY = "Ready"
IN_USE = "InUse"
DEPENDENCIES = "DependenciesHealthy"


class Finding(msgspec.Struct, frozen=True):
    """Why something is not as it should be: one word, and a sentence. Without a reason all is well."""

    reason: str = ""
    message: str = ""


WELL = Finding()


def healthy(kind: str, finding: Finding) -> Condition:
    """True where all is well, False with the finding's reason where not."""
    return Condition(
        type=kind,
        status="False" if finding.reason else "True",
        reason=finding.reason or HEALTHY,
        message=finding.message,
    )


def in_use(users: Sequence[str]) -> Condition:
    """Whether anything refers to a revision or tag; `users` are phrases for those who do."""
    if users:
        message = f"used by {users[0]}" + (f" and {len(users) - 1} more" if len(users) > 1 else "")
        return Condition(type=IN_USE, status="True", reason="ReferencedByWorkloads", message=message)
    return Condition(
        type=IN_USE, status="False", reason="NotReferencedByAnything", message="no namespace or pod names it"
    )


def settled(former: Iterable[Condition], wanted: Iterable[Condition], now: str) -> tuple[Condition, ...]:
    """The wanted conditions, with the former times where the status has not changed. `now` is RFC 3339."""
    known = {each.type: each for each in former}
    result = []
    for each in wanted:
        before = known.get(each.type)
        same = before is not None and before.status == each.status and before.last_transition_time
        time = before.last_transition_time if before is not None and same else now
        result.append(msgspec.structs.replace(each, last_transition_time=time))
    return tuple(result)


def state(conditions: Iterable[Condition]) -> str:
    """One word for all: the first reason why something is not as it should be. Being unused is no fault."""
    wrong = (each.reason for each in conditions if each.status != "True" and each.type != IN_USE)
    return next(wrong, HEALTHY)
