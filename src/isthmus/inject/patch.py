"""JSON patches (RFC 6902): made of two objects, and applied to one.

Knows: JSON. Does not know pods. Lists differ element by element, so what did not change is not sent.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]


def json_patch(before: Any, after: Any) -> list[Json]:
    """Operations that make ``after`` of ``before``, in the order in which they apply."""
    return list(_differences("", before, after))


def _differences(path: str, before: Any, after: Any) -> Iterator[Json]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _object_differences(path, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_differences(path, before, after)
    else:
        yield {"op": "replace", "path": path, "value": after}


def _object_differences(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Json]:
    for name in before:
        if name not in after:
            yield {"op": "remove", "path": f"{path}/{_escaped(name)}"}
    for name, value in after.items():
        if name in before:
            yield from _differences(f"{path}/{_escaped(name)}", before[name], value)
        else:
            yield {"op": "add", "path": f"{path}/{_escaped(name)}", "value": value}


def _list_differences(path: str, before: list[Any], after: list[Any]) -> Iterator[Json]:
    shared = min(len(before), len(after))
    for index in range(shared):
        yield from _differences(f"{path}/{index}", before[index], after[index])
    for index in reversed(range(shared, len(before))):
        yield {"op": "remove", "path": f"{path}/{index}"}
    for value in after[shared:]:
        yield {"op": "add", "path": f"{path}/-", "value": value}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def applied(document: Any, operations: Iterable[Mapping[str, Any]]) -> Any:
    """The document after the operations ``add``, ``remove`` and ``replace``; ValueError when one does not fit."""
    result = copy.deepcopy(document)
    for operation in operations:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        try:
            target = functools.reduce(lambda found, part: found[_key(found, part)], parents, result)
            _apply(target, last, operation)
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError(f"the patch does not fit at {operation['path']}: {error}") from None
    return result


def _key(target: Any, part: str) -> str | int:
    return int(part) if isinstance(target, list) else part


def _apply(target: Any, part: str, operation: Mapping[str, Any]) -> None:
    match operation["op"]:
        case "remove":
            del target[_key(target, part)]
        case "add" if isinstance(target, list):
            target.insert(len(target) if part == "-" else int(part), operation["value"])
        case "replace" if isinstance(target, list):
            target[int(part)] = operation["value"]
        case "add" | "replace":
            target[part] = operation["value"]
        case other:
            raise ValueError(f"patch operation {other!r} is not known")
