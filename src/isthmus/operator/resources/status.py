"""What all resources report: conditions, and one word for the state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from isthmus.api.definition import AGE, Column
from isthmus.api.wire import Wire

ConditionStatus = Literal["True", "False", "Unknown"]

HEALTHY = "Healthy"


class Condition(Wire, frozen=True, kw_only=True):
    """One aspect of a resource.

    type: Name of the aspect.
    status: Whether it is as it should be.
    reason: One word for why.
    message: A sentence with what is lacking, for people.
    lastTransitionTime: When the status changed last, in RFC 3339.
    """

    type: str
    status: ConditionStatus
    reason: str
    message: str = ""
    last_transition_time: str = ""


class Status(Wire, frozen=True, kw_only=True):
    """What was found.

    observedGeneration: The generation of the spec that this status is about.
    conditions: Each aspect.
    state: Healthy, or the reason of the first condition that is not as it should be.
    """

    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()
    state: str = ""


def condition(conditions: Iterable[Condition], kind: str) -> Condition | None:
    """The condition of a type; None while there is none."""
    return next((each for each in conditions if each.type == kind), None)


def condition_column(name: str, kind: str) -> Column:
    """A column with the status of a condition."""
    path = f'.status.conditions[?(@.type=="{kind}")].status'
    return Column(name=name, path=path, description=f"Status of the condition {kind}.")


NAMESPACE = Column(name="Namespace", path=".spec.namespace", description="Where the parts run.")
PROFILE = Column(name="Profile", path=".spec.profile", description="The settings that it starts from.")
STATE = Column(name="Status", path=".status.state", description="Healthy, or what is wrong.")
VERSION = Column(name="Version", path=".spec.version", description="Version of Istio whose API is wanted.")
LAST = (STATE, VERSION, AGE)
