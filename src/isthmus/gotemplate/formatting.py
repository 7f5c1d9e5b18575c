"""How Go prints values: `%v`, `%#v`, strconv.Quote and the shortest form of a float.

Does not know printf's directives (see printf.py), nor templates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from isthmus.gotemplate.values import MISSING, is_list, is_nil, sorted_items, type_name


def printed(value: Any) -> str:
    """`value` as an action prints it."""
    if isinstance(value, str):
        return value
    if value is MISSING or value is None:
        return "<no value>"
    return formatted(value)


def formatted(value: Any) -> str:
    """`value` as `%v` prints it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{formatted(k)}:{formatted(v)}" for k, v in sorted_items(value)) + "]"
    if is_list(value) or isinstance(value, bytes):
        return "[" + " ".join(formatted(element) for element in value) + "]"
    return "<nil>" if is_nil(value) else str(value)


def float_text(value: float, exponent_from: int = 6) -> str:
    """The shortest text that reads back as `value`; an exponent below 1e-4 and from `exponent_from` on."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    digits, exponent = _shortest(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if exponent < -4 or exponent >= exponent_from:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, fraction = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return sign + whole + ("." + fraction if fraction else "")


def _shortest(value: float) -> tuple[str, int]:
    """Significant digits and decimal exponent of the shortest representation."""
    if value == 0:
        return "0", 0
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    power = len(whole) - leading - 1 + int(exponent or 0)
    return digits.rstrip("0") or "0", power


def joined(values: Sequence[Any]) -> str:
    """fmt.Sprint: a space between neighbours that are both not text."""
    parts: list[str] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            parts.append(" ")
        parts.append(formatted(value))
    return "".join(parts)


_QUOTED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_QUOTED |= {'"': '\\"', "\\": "\\\\"}


def quoted(text: str) -> str:
    """strconv.Quote."""
    return '"' + "".join(_quoted_character(character) for character in text) + '"'


def _quoted_character(character: str) -> str:
    if character in _QUOTED:
        return _QUOTED[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def go_syntax(value: Any) -> str:
    """`%#v`."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{go_syntax(k)}:{go_syntax(v)}" for k, v in sorted_items(value))
        return f"{type_name(value)}{{{pairs}}}"
    if is_list(value):
        return f"{type_name(value)}{{{', '.join(go_syntax(element) for element in value)}}}"
    return formatted(value)
