"""TOML: keys first, then tables, both sorted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from isthmus.gotemplate.json_text import number
from isthmus.gotemplate.values import is_list, is_nil

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml(value: Any) -> str:
    """A map as TOML; anything else gives its literal."""
    if not isinstance(value, Mapping):
        return _literal(value)
    return "".join(_table(value, ()))


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    depth = "  " * max(len(path), 0)
    plain = {
        k: v for k, v in sorted(table.items()) if not isinstance(v, Mapping) and not _is_tables(v) and not is_nil(v)
    }
    lines = [f"{depth}{_key(key)} = {_literal(value)}\n" for key, value in plain.items()]
    for key, value in sorted(table.items()):
        inner = (*path, _key(key))
        header = "  " * len(path)
        if isinstance(value, Mapping):
            lines += [f"\n{header}[{'.'.join(inner)}]\n" if lines else f"{header}[{'.'.join(inner)}]\n"]
            lines += _table(value, inner)
        elif _is_tables(value):
            for element in value:
                lines += [f"\n{header}[[{'.'.join(inner)}]]\n", *_table(element, inner)]
    return lines


def _is_tables(value: Any) -> bool:
    return is_list(value) and bool(value) and all(isinstance(element, Mapping) for element in value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = number(value)
        return text if "." in text or "e" in text else text + ".0"
    if is_list(value):
        return "[" + ", ".join(_literal(element) for element in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_literal(v)}" for k, v in sorted(value.items())) + "}"
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)
