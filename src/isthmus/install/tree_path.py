"""Paths of overlays: where in an object a value goes.

Knows Istio's path language: dots between keys, `[n]` for an index (at or beyond the end appends, so does `[-1]`),
`[key:value]` for the element of a list with that key, `[:value]` or `[value]` for a scalar in a list, which may be
a regular expression, `\\.` within a key.
Does not know what objects look like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from isthmus.install.errors import InstallError

_STEP = re.compile(r"((?:\\.|[^.\[\\])+)|\[((?:\\.|[^\]\\])*)\]|\.")


@dataclass(frozen=True, slots=True)
class Element:
    """The element of a list whose `key` has `value`; without key, the scalar that is `value` or matches it."""

    key: str
    value: str

    def position(self, elements: Sequence[Any]) -> int | None:
        """Where the element stands, or None."""
        if self.key:
            keyed = (each.get(self.key) if isinstance(each, dict) else None for each in elements)
            return next((place for place, found in enumerate(keyed) if found is not None and self._is(found)), None)
        scalars = {place: str(each) for place, each in enumerate(elements) if not isinstance(each, dict | list)}
        equal = (place for place, text in scalars.items() if text == self.value)
        return next(equal, next((place for place, text in scalars.items() if self._matches(text)), None))

    def _is(self, found: Any) -> bool:
        text = str(found)
        return (text.lower() if isinstance(found, bool) else text) == self.value

    def _matches(self, text: str) -> bool:
        try:
            return re.search(self.value, text) is not None
        except re.error:
            return False

    def __str__(self) -> str:
        return f"[{self.key}:{self.value}]"


Step: TypeAlias = str | int | Element


def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path. Raises InstallError."""
    steps: list[Step] = []
    offset = 0
    while offset < len(path):
        match = _STEP.match(path, offset)
        if match is None:
            raise InstallError(f"path {path!r}: a bracket is not closed")
        key, selector = match.groups()
        if key is not None:
            steps.append(_plain(key))
        elif selector is not None:
            steps.append(_selector(selector, path))
        offset = match.end()
    if not steps:
        raise InstallError("path is empty: write where the value goes, such as spec.template.spec.volumes[100]")
    return tuple(steps)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _selector(text: str, path: str) -> Step:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if not text:
        raise InstallError(f"path {path!r}: [] names no element; write an index, key:value or a value")
    key, colon, value = text.partition(":")
    return Element(_plain(key), _plain(value)) if colon else Element("", _plain(text))


def write(tree: dict[str, Any], path: str, value: Any) -> None:
    """Put `value` at `path` in place, making maps on the way. Raises InstallError naming the step that fails."""
    steps = parse(path)
    holder: Any = tree
    for step, following in pairwise(steps):
        holder = _descend(holder, step, path, {} if isinstance(following, str) else [])
    _assign(holder, steps[-1], path, value)


def delete(tree: dict[str, Any], path: str) -> None:
    """Remove what is at `path`, in place; nothing happens when it is not there."""
    steps = parse(path)
    holder: Any = tree
    for step in steps[:-1]:
        position = _present(holder, step)
        if position is None:
            return
        holder = holder[position]
    position = _present(holder, steps[-1])
    if position is not None:
        del holder[position]


def _present(holder: Any, step: Step) -> Any:
    """The key or index of an existing entry, or None."""
    if isinstance(holder, dict):
        return step if step in holder else None
    if not isinstance(holder, list) or isinstance(step, str):
        return None
    if isinstance(step, Element):
        return step.position(holder)
    return step if 0 <= step < len(holder) else None


def _descend(holder: Any, step: Step, path: str, empty: Any) -> Any:
    position = _present(holder, step)
    if position is not None and holder[position] is not None:
        return holder[position]
    if isinstance(step, Element):
        raise InstallError(f"path {path!r}: no element {step}")
    _assign(holder, step, path, empty)
    return empty


def _assign(holder: Any, step: Step, path: str, value: Any) -> None:
    position = _present(holder, step)
    if position is not None:
        holder[position] = value
    elif isinstance(holder, dict) and isinstance(step, str):
        holder[step] = value
    elif isinstance(holder, list) and isinstance(step, int):
        holder.append(value)
    else:
        reason = "is not in the list" if isinstance(step, Element) else "does not fit what is there"
        raise InstallError(f"path {path!r}: {step} {reason}")
