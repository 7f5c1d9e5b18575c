"""Findings: numbered messages about objects, and the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any

import msgspec

_DOCUMENTATION = "https://istio.io/latest/docs/reference/config/analysis"


class Level(IntEnum):
    """How bad a finding is."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    @property
    def word(self) -> str:
        """``Info``, ``Warning``, ``Error``."""
        return self.name.capitalize()


class Code(msgspec.Struct, frozen=True):
    """A kind of finding.

    Codes ``IST…`` are Istio's, with its levels and meanings; ``ISM…`` are about several clusters and our own.
    ``wide`` findings are about the mesh and shown whatever namespace is asked for. ``template``, ``cause`` and
    ``cure`` are filled with the same values; Istio's own codes say everything in one sentence.
    """

    id: str
    name: str
    level: Level
    template: str
    wide: bool = False
    cause: str = ""
    cure: str = ""

    @property
    def documentation(self) -> str:
        """Where causes and cures are explained; empty for our own codes, whose messages say the cure."""
        return f"{_DOCUMENTATION}/{self.id.lower()}/" if self.id.startswith("IST") else ""


class Origin(msgspec.Struct, frozen=True, order=True):
    """The object that a finding is about, and the field of it where that is known.

    ``reference`` is ``file:line`` for objects out of files.
    """

    cluster: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    reference: str = ""
    field: str = ""

    def __str__(self) -> str:
        """``Kind namespace/name``, as ``istioctl`` writes it."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def at(self, field: str) -> Origin:
        """A field of the same object."""
        return msgspec.structs.replace(self, field=field)

    def within(self, namespace: str) -> bool:
        """Whether the object belongs to a namespace or is that namespace."""
        return namespace in (self.namespace, self.name if self.kind == "Namespace" else None)


class Finding(msgspec.Struct, frozen=True):
    """One finding. ``with_cluster`` says that the cluster matters to the reader."""

    code: Code
    origin: Origin
    sentence: str
    cause: str = ""
    cure: str = ""
    with_cluster: bool = False

    @property
    def message(self) -> str:
        """What is wrong and what to do about it."""
        return f"{self.sentence} {self.cure}".rstrip()

    def __str__(self) -> str:
        """One line, as ``istioctl analyze`` prints it."""
        cluster = f" [cluster-{self.origin.cluster}]" if self.with_cluster else ""
        reference = f" {self.origin.reference}" if self.origin.reference else ""
        return f"{self.code.level.word} [{self.code.id}]{cluster} ({self.origin}{reference}) {self.message}"

    def plain(self) -> dict[str, Any]:
        """The finding for JSON and YAML."""
        written = {
            "code": self.code.id,
            "documentationUrl": self.code.documentation,
            "level": self.code.level.word,
            "message": self.message,
            "origin": str(self.origin),
            "reference": self.origin.reference,
            "cluster": self.origin.cluster if self.with_cluster else "",
        }
        return {key: value for key, value in written.items() if value}


Findings = Iterator[Finding]


def found(code: Code, origin: Origin, *values: object) -> Finding:
    """A finding whose texts are the code's templates filled in."""
    sentence, cause, cure = (template.format(*values) for template in (code.template, code.cause, code.cure))
    return Finding(code, origin, sentence, cause, cure)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first, then by code and object; repetitions left out."""
    unique = {(entry.code.id, entry.origin, entry.message): entry for entry in findings}
    return [unique[key] for key in sorted(unique, key=lambda key: (-unique[key].code.level, *key))]
