"""Trees of values: merging them and setting a path in them.

Knows Helm's merge (maps deeply, everything else as a whole) and the paths of `--set`.
Does not know which values there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from isthmus.install.errors import InstallError

Values: TypeAlias = dict[str, Any]

_STEP = re.compile(r"((?:\\.|[^.\[\\])+)|\[(\d+)\]|(\.)")
_INTEGER = re.compile(r"[+-]?\d+")


def copied(value: Any) -> Any:
    """A copy that shares no map or list."""
    if isinstance(value, Mapping):
        return {key: copied(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [copied(entry) for entry in value]
    return value


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Values:
    """`over` laid on `base`: maps are merged, lists and scalars replaced; neither argument is changed."""
    result: Values = copied(base)
    for key, value in over.items():
        present = result.get(key)
        if isinstance(present, dict) and isinstance(value, Mapping):
            result[key] = merged(present, value)
        else:
            result[key] = copied(value)
    return result


def at(values: Mapping[str, Any], *path: str) -> Any:
    """The value under a path of keys, or None."""
    found: Any = values
    for key in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found


def put(values: Values, path: Sequence[str], value: Any) -> None:
    """Set the value under a path of keys in place, making maps on the way."""
    for key in path[:-1]:
        inner = values.get(key)
        if not isinstance(inner, dict):
            inner = values[key] = {}
        values = inner
    values[path[-1]] = value


def parse_setting(setting: str) -> tuple[tuple[str | int, ...], Any]:
    """A `path=value` of `--set`: `\\.` is a dot within a key, `[n]` an index, `{a,b}` a list.

    Raises InstallError.
    """
    path, equals, text = setting.partition("=")
    if not equals or not path:
        raise InstallError(f"--set {setting!r}: write it as path=value, for example values.global.network=network1")
    return parse_path(path), parse_scalar(text)


def parse_path(path: str) -> tuple[str | int, ...]:
    """The keys and indexes of a path."""
    steps: list[str | int] = []
    offset = 0
    while offset < len(path):
        match = _STEP.match(path, offset)
        if match is None:
            raise InstallError(f"path {path!r}: unexpected {path[offset]!r}; an index is written as [0]")
        key, index, _ = match.groups()
        if key:
            steps.append(re.sub(r"\\(.)", r"\1", key))
        elif index:
            steps.append(int(index))
        offset = match.end()
    return tuple(steps)


def parse_scalar(text: str) -> Any:
    """A flag's text as the value it looks like: a number, a boolean, a list in braces, else text."""
    if text.startswith("{") and text.endswith("}"):
        return [parse_scalar(part) for part in text[1:-1].split(",") if part]
    if _INTEGER.fullmatch(text):
        return int(text)
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return "" if text in ('""', "''") else text.replace("\\,", ",")


def set_path(tree: Values, path: Sequence[str | int], value: Any) -> None:
    """Set a path of keys and indexes in place; an index at a list's end appends. Raises InstallError."""
    holder: Any = tree
    for step, following in pairwise(path):
        holder = _inner(holder, step, [] if isinstance(following, int) else {}, path)
    _store(holder, path[-1], value, path)


def _inner(holder: Any, step: str | int, empty: Any, path: Sequence[str | int]) -> Any:
    present = holder.get(step) if isinstance(holder, dict) else _element(holder, step)
    if isinstance(present, type(empty)):
        return present
    _store(holder, step, empty, path)
    return empty


def _element(holder: Any, step: str | int) -> Any:
    return holder[step] if isinstance(step, int) and isinstance(holder, list) and step < len(holder) else None


def _store(holder: Any, step: str | int, value: Any, path: Sequence[str | int]) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder[step] = value
        return
    if not isinstance(holder, list) or not isinstance(step, int) or step > len(holder):
        raise InstallError(f"path {spelled(path)}: {step!r} is beyond the end of its list, or no list's index")
    holder[step : step + 1] = [value]


def spelled(path: Sequence[str | int]) -> str:
    """A path as people write it."""
    text = "".join(f"[{step}]" if isinstance(step, int) else "." + step.replace(".", "\\.") for step in path)
    return text.removeprefix(".")
