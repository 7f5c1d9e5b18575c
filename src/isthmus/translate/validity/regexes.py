"""Regular expressions: what Envoy's engine (RE2) would refuse must not reach it.

One bad expression makes Envoy refuse a whole route table. RE2 has no look-around, no back references and no
possessive or atomic groups (https://github.com/google/re2/wiki/Syntax); otherwise Python's syntax is close.
"""

from __future__ import annotations

import re
from functools import lru_cache

_MAX_LENGTH = 1024
_MAX_REPEAT = 1000  # RE2's own limit
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_UNSUPPORTED = re.compile(r"\(\?(?:=|!|<=|<!|>|\()|\(\?P=|\\[1-9]|[*+?}]\+")
# What RE2 knows and Python does not: classes by Unicode name, POSIX classes, the end of text.
_ONLY_RE2 = re.compile(r"\\[pP](?:\{\^?\w+\}|\w)|\[\[:\^?\w+:\]\]|\\z|\\C")
_LINE_BREAK = re.compile(r"[\0\r\n]")
_ESCAPE = re.compile(r"\\(.|$)", re.DOTALL)
_ESCAPED = re.compile(r"\\\\")


def replacement_fault(text: str, replacement: str) -> str:
    """Why a replacement cannot be used with a usable expression; empty when it can."""
    if _LINE_BREAK.search(replacement):
        return "the replacement has a line break"
    groups = re.compile(_ONLY_RE2.sub("a", _ESCAPED.sub("__", text))).groups
    for escape in _ESCAPE.findall(replacement):
        if escape != "\\" and not (escape.isdigit() and int(escape) <= groups):
            return f"the expression has no group for \\{escape}"
    return ""


@lru_cache(maxsize=4096)
def fault(text: str) -> str:
    """Why an expression cannot be used; empty when it can."""
    if len(text) > _MAX_LENGTH:
        return f"is longer than {_MAX_LENGTH} characters"
    plain = _ONLY_RE2.sub("a", _ESCAPED.sub("__", text))
    found = _UNSUPPORTED.search(plain)
    if found:
        return f"uses {found[0]!r}, which RE2 does not have"
    repeats = (int(number) for bounds in _REPEAT.findall(plain) for number in bounds if number)
    if max(repeats, default=0) > _MAX_REPEAT:
        return f"repeats something more than {_MAX_REPEAT} times"
    try:
        re.compile(plain)
    except re.error as error:
        return f"is not a regular expression: {error}"
    return ""
