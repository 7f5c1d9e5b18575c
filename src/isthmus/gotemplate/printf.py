"""fmt.Sprintf: verbs, flags, width, precision, argument indexes and Go's marks for mistakes.

Does not know templates.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isthmus.gotemplate.formatting import float_text, formatted, go_syntax, quoted
from isthmus.gotemplate.values import Record, is_list, is_nil, kind_name, sorted_items, type_name

_DIRECTIVE = re.compile(
    r"%(?P<flags>[-+# 0]*)"
    r"(?P<width_index>\[\d+\])?(?P<width>\*|\d+)?"
    r"(?:\.(?P<precision_index>\[\d+\])?(?P<precision>\*|\d*))?"
    r"(?P<index>\[\d+\])?(?P<verb>.)?",
    re.DOTALL,
)
_INTEGER_BASES = {"d": "d", "b": "b", "o": "o", "x": "x", "X": "X", "v": "d", "O": "o"}


@dataclass(frozen=True, slots=True)
class _Directive:
    """One `%…` of a format."""

    verb: str
    flags: str
    width: int | None
    precision: int | None


class _Arguments:
    """Hands out printf's arguments and knows which were used."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self._next = 0
        self.reordered = False

    def seek(self, index: str | None) -> None:
        if index:
            self._next = int(index[1:-1]) - 1
            self.reordered = True

    def take(self) -> tuple[bool, Any]:
        if not 0 <= self._next < len(self._values):
            return False, None
        self._next += 1
        return True, self._values[self._next - 1]

    def rest(self) -> Sequence[Any]:
        return () if self.reordered else self._values[self._next :]


def sprintf(text: str, *values: Any) -> str:
    """fmt.Sprintf."""
    arguments = _Arguments(values)
    result = _DIRECTIVE.sub(lambda match: _directive(match, arguments), text)
    extra = arguments.rest()
    if extra:
        listed = ", ".join(f"{type_name(v)}={formatted(v)}" if not is_nil(v) else "<nil>" for v in extra)
        result += f"%!(EXTRA {listed})"
    return result


def _directive(match: re.Match[str], arguments: _Arguments) -> str:
    verb = match["verb"]
    if verb is None:
        return "%!(NOVERB)"
    if verb == "%":
        return "%"
    arguments.seek(match["width_index"])
    width = _size(match["width"], arguments)
    arguments.seek(match["precision_index"])
    precision = _size(match["precision"] if match["precision"] != "" else "0", arguments)
    arguments.seek(match["index"])
    present, value = arguments.take()
    if not present:
        return f"%!{verb}({'BADINDEX' if arguments.reordered else 'MISSING'})"
    flags = match["flags"]
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    return _format(_Directive(verb, flags, width, precision), value)


def _size(text: str | None, arguments: _Arguments) -> int | None:
    if text == "*":
        _, value = arguments.take()
        return value if isinstance(value, int) else None
    return int(text) if text else None


def _format(directive: _Directive, value: Any) -> str:
    verb = directive.verb
    if verb == "T":
        return _pad(type_name(value), directive)
    if verb == "v" and "#" in directive.flags:
        return _pad(go_syntax(value), directive)
    if is_nil(value):
        return _pad("<nil>", directive) if verb == "v" else f"%!{verb}(<nil>)"
    if isinstance(value, Record):
        return _format(directive, str(value))
    if isinstance(value, Mapping):
        pairs = (f"{_format(directive, k)}:{_format(directive, v)}" for k, v in sorted_items(value))
        return "map[" + " ".join(pairs) + "]"
    if isinstance(value, bytes) and verb in "sqxX":
        return _format(directive, value.decode("utf-8", "replace"))
    if is_list(value) or isinstance(value, bytes):
        return "[" + " ".join(_format(directive, element) for element in value) + "]"
    text = _scalar(directive, value)
    return f"%!{verb}({type_name(value)}={formatted(value)})" if text is None else text


def _scalar(directive: _Directive, value: Any) -> str | None:
    """The text of a scalar, or None when the verb does not fit it."""
    kind = kind_name(value)
    if kind == "bool":
        return _pad(formatted(value), directive) if directive.verb in "tv" else None
    if kind == "string":
        return _string(directive, value)
    if kind == "int":
        return _integer(directive, value)
    if kind == "float64":
        return _float(directive, value)
    return _pad(str(value), directive) if directive.verb in "sv" else None


def _string(directive: _Directive, value: str) -> str | None:
    cut = value if directive.precision is None else value[: directive.precision]
    match directive.verb:
        case "s" | "v":
            return _pad(cut, directive)
        case "q":
            raw = "#" in directive.flags and "`" not in cut and "\n" not in cut
            return _pad(f"`{cut}`" if raw else quoted(cut), directive)
        case "x":
            return _pad(cut.encode().hex(), directive)
        case "X":
            return _pad(cut.encode().hex().upper(), directive)
    return None


def _integer(directive: _Directive, value: int) -> str | None:
    if directive.verb == "c":
        return _pad(chr(value), directive)
    if directive.verb == "q":
        return _pad("'" + quoted(chr(value))[1:-1].replace('\\"', '"').replace("'", "\\'") + "'", directive)
    if directive.verb == "U":
        return _pad(f"U+{value:04X}", directive)
    base = _INTEGER_BASES.get(directive.verb)
    if base is None:
        return None
    digits = format(abs(value), base)
    if directive.precision is not None:
        digits = digits.rjust(directive.precision, "0")
    prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(base, "") if "#" in directive.flags else ""
    prefix = "0o" if directive.verb == "O" else prefix
    return _pad_number(_sign(directive, value < 0), prefix + digits, directive)


def _float(directive: _Directive, value: float) -> str | None:
    verb, precision = directive.verb, directive.precision
    if verb in "xX":
        return _pad(_hexadecimal(value) if verb == "x" else _hexadecimal(value).upper(), directive)
    if verb not in "vgGeEfF":
        return None
    if precision is None and verb in "vgG":
        text = float_text(abs(value))
        text = text.upper() if verb == "G" else text
    else:
        text = format(abs(value), f".{6 if precision is None else precision}{verb.replace('v', 'g')}")
    return _pad_number(_sign(directive, math.copysign(1, value) < 0), text.lstrip("+"), directive)


def _hexadecimal(value: float) -> str:
    mantissa, _, exponent = value.hex().partition("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent[0]}{exponent[1:].rjust(2, '0')}"


def _sign(directive: _Directive, negative: bool) -> str:
    if negative:
        return "-"
    if directive.verb == "v":  # there a plus sign asks for field names, not for a sign
        return ""
    return "+" if "+" in directive.flags else (" " if " " in directive.flags else "")


def _pad_number(sign: str, digits: str, directive: _Directive) -> str:
    if "0" in directive.flags and "-" not in directive.flags and directive.width is not None:
        return sign + digits.rjust(directive.width - len(sign), "0")
    return _pad(sign + digits, directive)


def _pad(text: str, directive: _Directive) -> str:
    if directive.width is None:
        return text
    if "-" in directive.flags:
        return text.ljust(directive.width)
    return text.rjust(directive.width, "0" if "0" in directive.flags else " ")
