"""Kubernetes' label selectors with expressions."""

from __future__ import annotations

from isthmus.api.wire import Labels, Wire


class Requirement(Wire, frozen=True, kw_only=True):
    """One expression of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Labels) -> bool:
        """Whether labels fulfil it (Kubernetes' rules: NotIn holds for an absent label)."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value is not None and value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case _:
                return value is None


class Selector(Wire, frozen=True, kw_only=True):
    """A label selector; an empty one selects everything."""

    match_labels: Labels = {}
    match_expressions: tuple[Requirement, ...] = ()

    def selects(self, labels: Labels) -> bool:
        """Whether an object with these labels is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.holds(labels) for requirement in self.match_expressions
        )
