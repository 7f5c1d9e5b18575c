"""Metadata of core objects, narrowed to what derivation may use (no resource versions, no managed fields)."""

from __future__ import annotations

from isthmus.api.wire import Labels, Wire


class CoreMeta(Wire, frozen=True, kw_only=True):
    """Name, labels and annotations of an object."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    labels: Labels = {}
    annotations: Labels = {}


class LabelledMeta(Wire, frozen=True, kw_only=True):
    """Name and labels of an object whose annotations change often and are not read."""

    name: str = ""
    namespace: str = ""
    labels: Labels = {}


class ObjectReference(Wire, frozen=True, kw_only=True):
    """Another object."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
