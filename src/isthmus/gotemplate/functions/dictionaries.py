"""Sprig's functions on maps.

`set`, `unset` and the merges change the map they are given, as Sprig's do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.functions.defaults import is_empty
from isthmus.gotemplate.functions.text import as_text
from isthmus.gotemplate.values import deep_copied


def _mutable(value: Mapping[str, Any]) -> MutableMapping[str, Any]:
    if not isinstance(value, MutableMapping):
        raise FunctionError("this map cannot be changed")
    return value


def make_dict(*pairs: Any) -> dict[str, Any]:
    """Keys and values in turn; a key without value gets an empty text."""
    keys = (as_text(key) for key in pairs[::2])
    values = list(pairs[1::2]) + [""] * (len(pairs) % 2)
    return dict(zip(keys, values, strict=True))


def get(mapping: Mapping[str, Any], key: str) -> Any:
    """The value, or an empty text."""
    return mapping.get(key, "")


def put(mapping: Mapping[str, Any], key: str, value: Any) -> Mapping[str, Any]:
    """Set a key in place."""
    _mutable(mapping)[key] = value
    return mapping


def unset(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Remove a key in place."""
    _mutable(mapping).pop(key, None)
    return mapping


def has_key(mapping: Mapping[str, Any], key: str) -> bool:
    """Report whether the key is there, whatever its value."""
    return key in mapping


def pluck(key: str, *mappings: Mapping[str, Any]) -> list[Any]:
    """The values of `key` in the maps that have it."""
    return [mapping[key] for mapping in mappings if key in mapping]


def keys_of(*mappings: Mapping[str, Any]) -> list[str]:
    """All keys; Sprig leaves the order open, here it is the maps' own, sorted."""
    return [key for mapping in mappings for key in sorted(mapping)]


def values_of(mapping: Mapping[str, Any]) -> list[Any]:
    """All values, by sorted key."""
    return [mapping[key] for key in sorted(mapping)]


def pick(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Only these keys."""
    return {name: mapping[name] for name in names if name in mapping}


def omit(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """All but these keys."""
    return {key: value for key, value in mapping.items() if key not in names}


def dig(*arguments: Any) -> Any:
    """`dig "a" "b" fallback map`: the value under a path of keys, or the fallback."""
    if len(arguments) < 3:
        raise FunctionError("dig needs at least three arguments")
    *path, fallback, found = arguments
    for key in path:
        if not isinstance(found, Mapping):
            raise FunctionError("interface conversion: value is not a map")
        if key not in found:
            return fallback
        found = found[key]
    return found


def merge(target: Mapping[str, Any], *sources: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fill what is empty in `target` from the sources, the first one winning, at every depth."""
    for source in sources:
        _merge(_mutable(target), source, overwrite=False)
    return target


def merge_overwrite(target: Mapping[str, Any], *sources: Mapping[str, Any]) -> Mapping[str, Any]:
    """Overwrite `target` from the sources, the last one winning, at every depth."""
    for source in sources:
        _merge(_mutable(target), source, overwrite=True)
    return target


def _merge(target: MutableMapping[str, Any], source: Mapping[str, Any], *, overwrite: bool) -> None:
    for key, value in source.items():
        present = target.get(key)
        if isinstance(present, MutableMapping) and isinstance(value, Mapping):
            _merge(present, value, overwrite=overwrite)
        elif overwrite or key not in target or (is_empty(present) and not is_empty(value)):
            target[key] = deep_copied(value)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "dict": make_dict,
    "get": get,
    "set": put,
    "unset": unset,
    "hasKey": has_key,
    "pluck": pluck,
    "keys": keys_of,
    "values": values_of,
    "pick": pick,
    "omit": omit,
    "dig": dig,
    "merge": merge,
    "mustMerge": merge,
    "mergeOverwrite": merge_overwrite,
    "mustMergeOverwrite": merge_overwrite,
}
