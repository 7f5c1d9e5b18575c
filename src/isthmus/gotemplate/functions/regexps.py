"""Sprig's regular expressions: RE2's syntax where it differs from Python's is translated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from isthmus.gotemplate.errors import FunctionError

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\t\n\v\f\r ",
    "punct": r"!-/:-@\[-`{-~",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
    "blank": r"\t ",
}
_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    translated = re.sub(r"\[:(\w+):\]", lambda match: _POSIX.get(match[1], match[0]), pattern)
    translated = translated.replace(r"\z", r"\Z").replace(r"\Q", "").replace(r"\E", "")
    try:
        return re.compile(translated, re.ASCII)
    except re.error as problem:
        raise FunctionError(f"error parsing regexp: {problem}: `{pattern}`") from None


def matches(pattern: str, text: str) -> bool:
    """Report whether the pattern occurs."""
    return _compiled(pattern).search(text) is not None


def find(pattern: str, text: str) -> str:
    """The first occurrence, or an empty text."""
    match = _compiled(pattern).search(text)
    return match.group() if match else ""


def find_all(pattern: str, text: str, count: int) -> list[str]:
    """Up to `count` occurrences; all when negative."""
    found = [match.group() for match in _compiled(pattern).finditer(text)]
    return found if count < 0 else found[:count]


def replace_all(pattern: str, text: str, replacement: str) -> str:
    """Every occurrence replaced; `$1` and `${name}` are groups."""
    return _compiled(pattern).sub(lambda match: _expanded(replacement, match), text)


def _expanded(replacement: str, match: re.Match[str]) -> str:
    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if not name:
            return "$"
        try:
            return match[int(name) if name.isdigit() else name] or ""
        except IndexError:
            return ""

    return _REFERENCE.sub(group, replacement)


def replace_all_literal(pattern: str, text: str, replacement: str) -> str:
    """Every occurrence replaced by the text as it is."""
    return _compiled(pattern).sub(lambda _: replacement, text)


def split(pattern: str, text: str, count: int) -> list[str]:
    """The parts between occurrences, at most `count`; all when negative."""
    if count == 0:
        return []
    parts: list[str] = []
    end = 0
    for match in _compiled(pattern).finditer(text):
        if count > 0 and len(parts) == count - 1:
            break
        parts.append(text[end : match.start()])
        end = match.end()
    return [*parts, text[end:]]


def quote_meta(text: str) -> str:
    """The text as a pattern that matches it."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "regexMatch": matches,
    "mustRegexMatch": matches,
    "regexFind": find,
    "mustRegexFind": find,
    "regexFindAll": find_all,
    "mustRegexFindAll": find_all,
    "regexReplaceAll": replace_all,
    "mustRegexReplaceAll": replace_all,
    "regexReplaceAllLiteral": replace_all_literal,
    "mustRegexReplaceAllLiteral": replace_all_literal,
    "regexSplit": split,
    "mustRegexSplit": split,
    "regexQuoteMeta": quote_meta,
}
