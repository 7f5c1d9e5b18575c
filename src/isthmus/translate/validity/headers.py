"""Names of headers that may be compared, set and removed, and values that may be set."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from isthmus.api.http_policy import HeaderOperations, Headers
from isthmus.translate.validity.notes import Notes

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_HOST = frozenset({"host", ":authority"})
# Values are formats: `%COMMAND(ARGUMENT):LENGTH%` stands for something of the request, `%%` for a per cent sign.
_COMMAND = re.compile(r"%%|%[A-Z0-9_]+(?:\([^)]*\))?(?::\d+)?%")
_LINE_BREAK = re.compile(r"[\0\r\n]")


def is_name(name: str) -> bool:
    """Whether a header may have this name."""
    return _NAME.fullmatch(name) is not None


def is_one_line(text: str) -> bool:
    """Whether a text may stand in the head of a message."""
    return _LINE_BREAK.search(text) is None


def is_format(text: str) -> bool:
    """Whether every per cent sign of a value begins or ends a command of Envoy's, or is doubled."""
    return "%" not in _COMMAND.sub("", text)


def usable_headers(headers: Headers | None, notes: Notes) -> Headers | None:
    """Changes to headers without those that Envoy refuses: of pseudo-headers, and of what is no name."""
    if headers is None:
        return None
    return msgspec.structs.replace(
        headers,
        request=_operations(headers.request, notes.at("request")),
        response=_operations(headers.response, notes.at("response")),
    )


def _operations(operations: HeaderOperations | None, notes: Notes) -> HeaderOperations | None:
    if operations is None:
        return None
    return HeaderOperations(
        set=_values(operations.set, notes.at("set")),
        add={name: value for name, value in _values(operations.add, notes.at("add")).items() if name not in _HOST},
        remove=tuple(name for at, name in notes.each("remove", operations.remove) if _may_be_removed(name, at)),
    )


def _values(values: Mapping[str, str], notes: Notes) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in values.items():
        if name.lower() not in _HOST and not is_name(name):
            notes.at(name).error(f"the header is left out: {name!r} cannot be set")
        elif not is_one_line(value):
            notes.at(name).error("the header is left out: its value has a line break")
        elif not is_format(value):
            notes.at(name).error(
                "the header is left out: write %% for a per cent sign, or a command such as %REQ(host)%"
            )
        else:
            kept[name] = value
    return kept


def _may_be_removed(name: str, notes: Notes) -> bool:
    if is_name(name) and name.lower() not in _HOST:
        return True
    notes.error(f"the header is left out: {name!r} cannot be removed")
    return False
