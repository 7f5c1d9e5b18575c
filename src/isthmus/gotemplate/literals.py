"""Go's spellings of numbers, characters and strings to Python values.

Does not know where in a template they stand.
"""

from __future__ import annotations

import re

from isthmus.gotemplate.errors import TemplateError
from isthmus.gotemplate.lexer import Kind, Token

_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))", re.DOTALL
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def quoted_text(token: Token) -> str:
    """The text of an interpreted (`"…"`) or raw (`` `…` ``) string."""
    inner = token.text[1:-1]
    return inner if token.kind is Kind.RAW else unescape(inner, token)


def unescape(text: str, token: Token) -> str:
    """Replace Go's backslash escapes; bytes written as `\\xNN` or octal must form UTF-8."""
    if "\\" not in text:
        return text
    data = bytearray()
    end = 0
    for match in _ESCAPE.finditer(text):
        data += text[end : match.start()].encode()
        data += _escaped(match, token)
        end = match.end()
    data += text[end:].encode()
    return data.decode("utf-8", "replace")


def _escaped(match: re.Match[str], token: Token) -> bytes:
    simple, byte, short, long, octal, _ = match.groups()
    if simple:
        return _SIMPLE.get(simple, simple).encode()
    if byte:
        return bytes([int(byte, 16)])
    if short or long:
        return chr(int(short or long, 16)).encode("utf-8", "replace")
    if octal and int(octal, 8) < 256:
        return bytes([int(octal, 8)])
    raise TemplateError(f"invalid escape {match.group()!r} in string", token.position)


def number(token: Token) -> int | float:
    """The value of a number or character constant; the spelling decides between int and float."""
    if token.kind is Kind.CHARACTER:
        character = unescape(token.text[1:-1], token)
        if len(character) != 1:
            raise TemplateError(f"malformed character constant: {token.text}", token.position)
        return ord(character)
    try:
        return _number(token.text.replace("_", ""))
    except ValueError:
        raise TemplateError(f"bad number syntax: {token.text!r}", token.position) from None


def _number(text: str) -> int | float:
    digits = text.lstrip("+-")
    if digits[:2].lower() in ("0x", "0o", "0b"):
        return int(text, 0)
    if any(mark in digits for mark in ".eE"):
        return float(text)
    if len(digits) > 1 and digits.startswith("0"):
        return int(text, 8)
    return int(text)
