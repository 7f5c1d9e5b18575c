"""JSON as Go's encoding/json writes it: sorted keys, shortest floats, HTML-safe text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.formatting import float_text
from isthmus.gotemplate.values import Record, is_list, is_nil

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_SEPARATORS = {"\u2028": "\\u2028", "\u2029": "\\u2029", "\x7f": "\x7f"}


def dump(value: Any, *, indent: int = 0, escapes_html: bool = True) -> str:
    """`value` as JSON; `indent` is in spaces, 0 is compact. Raises FunctionError for NaN and infinity."""
    return _dumped(value, indent, "\n" if indent else "", escapes_html)


def _dumped(value: Any, indent: int, line: str, escapes_html: bool) -> str:
    inner = line + " " * indent
    if isinstance(value, Record):
        value = value.fields
    if isinstance(value, Mapping):
        colon = ": " if indent else ":"
        members = [
            _text(str(key), escapes_html) + colon + _dumped(member, indent, inner, escapes_html)
            for key, member in sorted(value.items(), key=lambda item: str(item[0]))
        ]
        return _bracketed("{}", members, inner, line)
    if is_list(value):
        elements = [_dumped(element, indent, inner, escapes_html) for element in value]
        return _bracketed("[]", elements, inner, line)
    return scalar(value, escapes_html)


def _bracketed(brackets: str, members: list[str], inner: str, line: str) -> str:
    return brackets[0] + inner + ("," + inner).join(members) + line + brackets[1] if members else brackets


def scalar(value: Any, escapes_html: bool = True) -> str:
    """A JSON scalar."""
    if is_nil(value):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value, escapes_html)
    raise FunctionError(f"json: unsupported type: {type(value).__name__}")


def number(value: float) -> str:
    """A float as encoding/json writes it: an exponent below 1e-6 and from 1e21 on."""
    text = float_text(value, 21)
    if text in ("NaN", "+Inf", "-Inf"):
        raise FunctionError(f"json: unsupported value: {text}")
    if 1e-6 <= abs(value) < 1e-4:
        return format(Decimal(repr(value)), "f")
    return text.replace("e-0", "e-")


def _text(value: str, escapes_html: bool) -> str:
    escaped = json.dumps(value, ensure_ascii=False)
    for character, escape in (_SEPARATORS | (_HTML if escapes_html else {})).items():
        escaped = escaped.replace(character, escape)
    return escaped
