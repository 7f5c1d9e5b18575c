"""YAML as Kubernetes tools read and write it (sigs.k8s.io/yaml, that is go-yaml v2 through JSON).

Knows YAML 1.1's booleans and numbers, key order, and when a text is quoted or written as a block.
Does not know Kubernetes objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cmp_to_key
from typing import Any, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from isthmus import bounded_yaml
from isthmus.gotemplate.formatting import float_text
from isthmus.gotemplate.json_text import scalar
from isthmus.gotemplate.key_order import compare_keys
from isthmus.gotemplate.values import Record, is_list

YamlError = yaml.YAMLError

_PLAIN = "tag:isthmus,plain"
_Base: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_Dumper: Any = getattr(yaml, "CDumper", yaml.Dumper)


class _Loader(_Base):  # type: ignore[misc]  # PyYAML's C loader is untyped
    """Tells plain scalars from those with a tag of their own."""

    DEFAULT_SCALAR_TAG = _PLAIN


_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_LARGEST = 2**64
_WIDTH = 80
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIMESTAMP = re.compile(
    r"(?P<date>\d{4}-\d\d?-\d\d?)(?:(?P<between>[Tt ])(?P<time>\d\d?:\d\d?:\d\d?)(?:\.\d+)?(?P<zone>Z|[-+]\d\d:\d\d)?)?"
)

Number: TypeAlias = Callable[[int], int | float]


def load(text: str, *, integers: Number = int) -> Any:
    """The first document of `text`; `integers` converts whole numbers (Helm makes them float64).

    Raises YamlError naming line and column.
    """
    bounded_yaml.check(text)
    node = yaml.compose(text, Loader=_Loader)
    return None if node is None else _value(node, integers)


def load_all(text: str, *, integers: Number = int) -> Iterator[Any]:
    """Every document of `text`."""
    bounded_yaml.check(text)
    for node in yaml.compose_all(text, Loader=_Loader):
        yield _value(node, integers)


def _value(node: Node, integers: Number) -> Any:
    if isinstance(node, ScalarNode):
        return _scalar(node, integers)
    if isinstance(node, SequenceNode):
        return [_value(element, integers) for element in node.value]
    assert isinstance(node, MappingNode)
    mapping: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key, value in node.value:
        if isinstance(key, ScalarNode) and key.value == "<<" and not key.style:
            merged = _merged(_value(value, integers)) | merged
        else:
            mapping[_key(key, integers)] = _value(value, integers)
    return merged | mapping


def _merged(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return {key: entry for mapping in reversed(value) for key, entry in mapping.items()}


def _key(node: Node, integers: Number) -> str:
    key = _value(node, integers)
    if isinstance(key, dict | list):
        raise YamlError(f"{node.start_mark}: a map or list cannot be a key")
    return key if isinstance(key, str) else scalar(key)


def _scalar(node: ScalarNode, integers: Number) -> Any:
    text: str = node.value
    if node.tag != _PLAIN or node.style:
        return text
    value = _resolved(text)
    return integers(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _resolved(text: str) -> Any:
    """A plain scalar's value by go-yaml v2's table; timestamps stay text, as JSON has none."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    if _is_timestamp(text):
        return text
    plain = text if text[0] == "." else text.replace("_", "")
    if _INTEGER.fullmatch(plain) and -_LARGEST / 2 <= _integer(plain) < _LARGEST:
        return _integer(plain)
    return float(plain) if _FLOAT.fullmatch(plain) else text


def _is_timestamp(text: str) -> bool:
    match = _TIMESTAMP.fullmatch(text)
    if match is None or (match["time"] and (match["between"] == " ") == bool(match["zone"])):
        return False
    year, month, day = map(int, match["date"].split("-"))
    hour, minute, second = map(int, (match["time"] or "0:0:0").split(":"))
    try:
        datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  only checks the ranges
    except ValueError:
        return False
    return True


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    value = int(digits, 8) if octal else int(digits, 0)
    return -value if text.startswith("-") else value


def dump(value: Any) -> str:
    """`value` as YAML with sorted keys. Raises FunctionError for what JSON cannot hold."""
    events = [
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        *_events(value),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ]
    text = yaml.emit(events, Dumper=_Dumper, allow_unicode=True, width=_WIDTH)
    return str(text).removesuffix("...\n")


def _events(value: Any) -> Iterator[yaml.Event]:
    if isinstance(value, Record):
        value = value.fields
    if isinstance(value, Mapping):
        yield yaml.MappingStartEvent(None, None, True, flow_style=not value)
        for key in sorted(map(str, value), key=cmp_to_key(compare_keys)):
            yield _text_event(key)
            yield from _events(value[key])
        yield yaml.MappingEndEvent()
    elif is_list(value):
        yield yaml.SequenceStartEvent(None, None, True, flow_style=not value)
        for element in value:
            yield from _events(element)
        yield yaml.SequenceEndEvent()
    elif isinstance(value, str):
        yield _text_event(value)
    else:
        yield yaml.ScalarEvent(None, None, (True, True), _scalar_text(value), style=None)


def _scalar_text(value: Any) -> str:
    """A scalar after its way through JSON: whole floats have become integers."""
    if not isinstance(value, float):
        return scalar(value)
    text = scalar(value)
    return text if value.is_integer() and -_LARGEST / 2 <= value < _LARGEST else float_text(value)


def _text_event(text: str) -> yaml.Event:
    style = "|" if "\n" in text else None if _reads_as_text(text) else '"'
    return yaml.ScalarEvent(None, None, (True, True), text, style=style)


def _reads_as_text(text: str) -> bool:
    """Report whether a plain scalar would be read back as this text."""
    return isinstance(_resolved(text), str) and not _is_timestamp(text) and not _SEXAGESIMAL.fullmatch(text)
