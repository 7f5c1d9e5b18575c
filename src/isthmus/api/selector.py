"""Which workloads or objects a policy is about: selectors and target references, shared by several kinds."""

from __future__ import annotations

from isthmus.api.wire import Labels, Wire


class WorkloadSelector(Wire, frozen=True, kw_only=True):
    """Workloads of the object's namespace, by their labels (Sidecar, EnvoyFilter, ServiceEntry).

    labels: All of these labels must be present; none selects every workload of the namespace.
    """

    labels: Labels = {}

    def selects(self, labels: Labels) -> bool:
        """Whether a workload with these labels is selected."""
        return matches(self.labels, labels)


class LabelSelector(Wire, frozen=True, kw_only=True):
    """Workloads of the object's namespace, by their labels (security, telemetry and extension kinds).

    matchLabels: All of these labels must be present; none selects every workload of the namespace.
    """

    match_labels: Labels = {}

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

    group: str = ""
    kind: str
    name: str
    namespace: str = ""


def matches(wanted: Labels, labels: Labels) -> bool:
    """Whether ``labels`` has every pair of ``wanted``."""
    return all(labels.get(key) == value for key, value in wanted.items())
