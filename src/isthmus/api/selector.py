"""Which workloads or objects a policy is about: selectors and target references, shared by several kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from isthmus.api.wire import Labels, Wire

SelectedLabels = Mapping[str, Annotated[str, Meta(max_length=63)]]


class WorkloadSelector(Wire, frozen=True, kw_only=True):
    """Workloads of the object's namespace, by their labels (Sidecar, EnvoyFilter, ServiceEntry).

    labels: All of these labels must be present; none selects every workload of the namespace.
    """

    labels: SelectedLabels = {}

    def selects(self, labels: Labels) -> bool:
        """Whether a workload with these labels is selected."""
        return matches(self.labels, labels)


class LabelSelector(Wire, frozen=True, kw_only=True):
    """Workloads of the object's namespace, by their labels (security, telemetry and extension kinds).

    matchLabels: All of these labels must be present; none selects every workload of the namespace.
    """

    match_labels: SelectedLabels = {}

    def selects(self, labels: Labels) -> bool:
        """Whether a workload with these labels is selected."""
        return matches(self.match_labels, labels)


class PolicyTargetReference(Wire, frozen=True, kw_only=True):
    """An object that a policy is attached to.

    group: API group of the target; empty for the core group.
    kind: Kind of the target, such as Gateway or Service.
    name: Name of the target.
    namespace: Namespace of the target; only the policy's own is allowed.
    """

    group: Annotated[str, Meta(max_length=253)] = ""
    kind: Annotated[str, Meta(min_length=1, max_length=63)]
    name: Annotated[str, Meta(min_length=1, max_length=253)]
    namespace: str = ""


TargetReferences = Annotated[tuple[PolicyTargetReference, ...], Meta(max_length=16)]


def matches(wanted: Labels, labels: Labels) -> bool:
    """Whether ``labels`` has every pair of ``wanted``."""
    return all(labels.get(key) == value for key, value in wanted.items())
