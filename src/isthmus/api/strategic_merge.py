"""Strategic merge patches on pods and on the objects that run and expose them.

Knows the merge keys of the lists in pods, Services, HPAs and PDBs; other lists are replaced.
Does not know other kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy as copied
from typing import Any

_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
}


def patched(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`target` with a patch applied; null deletes, `$patch: replace` and `$patch: delete` do what they say."""
    if patch.get("$patch") == "replace":
        return {key: copied(value) for key, value in patch.items() if key != "$patch"}
    result: dict[str, Any] = copied(dict(target))
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _patched_field(key, result.get(key), value)
    return result


def _patched_field(field: str, present: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return patched(present if isinstance(present, Mapping) else {}, value)
    merge_key = _merge_key(field, value)
    if merge_key:
        return _merged_list(present if isinstance(present, list) else [], value, merge_key)
    return copied(value)


def _merge_key(field: str, elements: Any) -> str:
    if not isinstance(elements, list) or not all(isinstance(element, Mapping) for element in elements):
        return ""
    if field == "ports":
        return "containerPort" if any("containerPort" in element for element in elements) else "port"
    return _MERGE_KEYS.get(field, "")


def _merged_list(present: list[Any], patch: list[Any], merge_key: str) -> list[Any]:
    result: list[Any] = copied(present)
    for element in patch:
        identity = _identity(element, merge_key)
        position = next((i for i, old in enumerate(result) if _identity(old, merge_key) == identity), None)
        if element.get("$patch") == "delete":
            result = [old for old in result if _identity(old, merge_key) != identity]
        elif position is None:
            result.append(patched({}, element))
        else:
            result[position] = patched(result[position], element)
    return result


def _identity(element: Mapping[str, Any], merge_key: str) -> tuple[Any, Any]:
    """A port's number may be open for TCP and for UDP: the API server's own merge confuses the two."""
    return element.get(merge_key), element.get("protocol", "TCP")
