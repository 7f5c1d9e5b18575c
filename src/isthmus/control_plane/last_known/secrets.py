"""Copies as Secrets: a small one with the head, and one per part, named by its content (pure).

Parts are written before the head that names them and removed after it names others, so that a list of all Secrets
always holds one whole copy, wherever a writer was stopped.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from isthmus.api.core_secret import Secret
from isthmus.control_plane.last_known.packing import DamagedCopyError, Head, check, read_head

LABEL = "isthmus.io/last-known-cluster"
TYPE = "isthmus.io/last-known-cluster"
_PREFIX = "isthmus-last-known."
_HEAD, _PART = "head", "part"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Stored(NamedTuple):
    """A copy that is whole."""

    head: Head
    parts: tuple[bytes, ...]


class Found(NamedTuple):
    """What Secrets hold: copies by cluster, problems by the Secret's name, and parts that belong to no head."""

    copies: Mapping[str, Stored]
    problems: Mapping[str, str]
    strays: tuple[str, ...]


def head_name(cluster: str) -> str:
    """The name of the Secret with the head: the cluster's name in it where that can be part of a name."""
    if _NAME.fullmatch(cluster):
        return f"{_PREFIX}{cluster}"
    return f"{_PREFIX}sha256.{hashlib.sha256(cluster.encode()).hexdigest()[:32]}"


def part_names(head: Head) -> tuple[str, ...]:
    """The names of the Secrets with the parts."""
    return tuple(f"{head_name(head.cluster)}.{head.digest[:16]}.{number}" for number in range(head.parts))


def head_body(namespace: str, head: Head) -> dict[str, Any]:
    """The Secret with the head."""
    return _body(namespace, head_name(head.cluster), _HEAD, msgspec.json.encode(head))


def part_body(namespace: str, name: str, part: bytes) -> dict[str, Any]:
    """The Secret with a part."""
    return _body(namespace, name, _PART, part)


def assemble(secrets: Iterable[Secret]) -> Found:
    """Finds whole copies; what is damaged, or not what its name says, is told and left out."""
    by_name = {secret.metadata.name: secret.data for secret in secrets}
    copies: dict[str, Stored] = {}
    problems: dict[str, str] = {}
    used: set[str] = set()
    for name, data in sorted(by_name.items()):
        if _PART in data:
            continue
        try:
            head = _head(name, data)
            used.update(part_names(head))
            copies[head.cluster] = _whole(head, by_name)
        except DamagedCopyError as error:
            problems[name] = str(error)
    strays = (name for name, data in by_name.items() if _PART in data and name not in used)
    return Found(copies, problems, tuple(sorted(strays)))


def _head(name: str, data: Mapping[str, bytes]) -> Head:
    head = read_head(data.get(_HEAD, b""))
    if head_name(head.cluster) != name:
        raise DamagedCopyError(f"it is a copy of cluster {head.cluster!r}, whose Secret is {head_name(head.cluster)}")
    return head


def _whole(head: Head, by_name: Mapping[str, Mapping[str, bytes]]) -> Stored:
    parts = tuple(by_name[name][_PART] for name in part_names(head) if _PART in by_name.get(name, {}))
    check(head, parts)
    return Stored(head, parts)


def _body(namespace: str, name: str, key: str, content: bytes) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": {LABEL: key}},
        "type": TYPE,
        "data": {key: base64.b64encode(content).decode()},
    }
