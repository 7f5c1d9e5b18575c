"""Configuration rows: one Istio object of one cluster, and problems found while reading it."""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from isthmus.api.wire import Labels, Object, Wire

S = TypeVar("S", bound=Wire)


class Severity(StrEnum):
    """How bad a problem is: an error disables a part of the object, a warning nothing."""

    ERROR = "error"
    WARNING = "warning"


class Problem(msgspec.Struct, frozen=True, order=True):
    """A user's mistake in one object: where (``spec.servers[0].port``), and what with its cure.

    ``rule`` names the broken rule where others tell it apart from the rest.
    """

    path: str
    message: str
    severity: Severity = Severity.ERROR
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


Problems = tuple[Problem, ...]


class Config(msgspec.Struct, Generic[S], frozen=True):
    """One Istio object as the rest of the control plane sees it.

    ``created`` is RFC 3339 and orders objects (oldest wins, by Istio's rule); the resource version is left
    out on purpose: a write that changes nothing that is read is no change. ``generation`` counts changes of the
    spec, for statuses that tell which one they are about.
    """

    cluster: str
    namespace: str
    name: str
    created: str
    labels: Labels
    annotations: Labels
    spec: S
    generation: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """``(namespace, name)``: unique among the objects of one kind in the configuration cluster."""
        return self.namespace, self.name

    @property
    def age_key(self) -> tuple[str, str, str]:
        """Sorts oldest first; equal ages by name, then namespace, as Istio does."""
        return self.created, self.name, self.namespace


def row(cluster: str, wire: Object[S]) -> Config[S]:
    """The row of a decoded object; whatever decoded has a row."""
    meta = wire.metadata
    return Config(
        cluster=cluster,
        namespace=meta.namespace,
        name=meta.name,
        created=meta.creation_timestamp,
        labels=meta.labels,
        annotations=meta.annotations,
        spec=wire.spec,
        generation=meta.generation,
    )
