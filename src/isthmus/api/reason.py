"""What msgspec says of a value that does not fit its type, in words for users."""

from __future__ import annotations

import re

import msgspec

from isthmus.api.config import Problem
from isthmus.api.wire import DURATION_FORM, DURATION_PATTERN

_PLACE = re.compile(r" - at (?:`key` in )?`(\$[^`]*)`$")
_WORDS = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a map",
    "null": "nothing",
}


def problem_of(error: msgspec.ValidationError, root: str = "") -> Problem:
    """The problem with its path: below ``root``, or from the value itself when that is empty."""
    text = str(error)
    place = _PLACE.search(text)
    path = place[1].removeprefix("$") if place else ""
    message = text[: place.start()] if place else text
    message = message.replace(f"`str` matching regex {DURATION_PATTERN!r}", DURATION_FORM)
    message = re.sub(r"`(\w+)`", lambda name: _WORDS.get(name[1], f"'{name[1]}'"), message)
    message = message.replace("Expected", "expected", 1).replace(", got", ", found")
    message = message.replace("Object missing required field", "required, but not set:")
    return Problem((root + path).lstrip("."), message)
