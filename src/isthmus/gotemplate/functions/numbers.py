"""Sprig's arithmetic: integers as int64, the `…f` forms as decimals."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import Any

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.functions.text import as_text

_INTEGER = re.compile(r"[+-]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]*|0[bB][01]+|[1-9]\d*)$")


def to_int(value: Any) -> int:
    """Any scalar as an integer: text that is none is 0, a float is cut."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else 0
    return _parsed(value) if isinstance(value, str) else 0


def _parsed(text: str) -> int:
    if not _INTEGER.match(text):
        return 0
    sign, digits = (-1 if text.startswith("-") else 1), text.lstrip("+-")
    if digits[:2].lower() in ("0x", "0o", "0b"):
        return sign * int(digits, 0)
    return sign * int(digits, 8 if digits.startswith("0") else 10)


def to_float(value: Any) -> float:
    """Any scalar as a float; text that is none is 0."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return 0.0
    return float(value) if isinstance(value, int | float) else 0.0


def to_decimal(value: Any) -> int:
    """An octal number, such as a file mode, as a decimal one."""
    try:
        return int(as_text(value), 8)
    except ValueError:
        return 0


def from_text(text: str) -> int:
    """strconv.Atoi, with 0 for what is no number."""
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else 0


def add(*values: Any) -> int:
    """Sum."""
    return sum(to_int(value) for value in values)


def add_one(value: Any) -> int:
    """One more."""
    return to_int(value) + 1


def subtract(first: Any, second: Any) -> int:
    """Difference."""
    return to_int(first) - to_int(second)


def divide(first: Any, second: Any) -> int:
    """Quotient, cut towards zero."""
    divisor = to_int(second)
    if divisor == 0:
        raise FunctionError("runtime error: integer divide by zero")
    quotient = abs(to_int(first)) // abs(divisor)
    return quotient if (to_int(first) < 0) == (divisor < 0) else -quotient


def modulo(first: Any, second: Any) -> int:
    """Remainder with the sign of the dividend."""
    return to_int(first) - divide(first, second) * to_int(second)


def multiply(first: Any, *others: Any) -> int:
    """Product."""
    return math.prod((to_int(first), *(to_int(value) for value in others)))


def largest(first: Any, *others: Any) -> int:
    """Maximum."""
    return max(to_int(value) for value in (first, *others))


def smallest(first: Any, *others: Any) -> int:
    """Minimum."""
    return min(to_int(value) for value in (first, *others))


def largest_float(first: Any, *others: Any) -> float:
    """Maximum of floats."""
    return max(to_float(value) for value in (first, *others))


def smallest_float(first: Any, *others: Any) -> float:
    """Minimum of floats."""
    return min(to_float(value) for value in (first, *others))


def _decimals(values: tuple[Any, ...], operation: Callable[[Decimal, Decimal], Decimal]) -> float:
    return float(reduce(operation, (Decimal(repr(to_float(value))) for value in values)))


def add_floats(*values: Any) -> float:
    """Sum of floats."""
    return _decimals((0.0, *values), lambda a, b: a + b)


def add_one_float(value: Any) -> float:
    """One more."""
    return _decimals((value, 1.0), lambda a, b: a + b)


def subtract_floats(first: Any, *others: Any) -> float:
    """Difference of floats."""
    return _decimals((first, *others), lambda a, b: a - b)


def divide_floats(first: Any, *others: Any) -> float:
    """Quotient of floats."""
    return _decimals((first, *others), lambda a, b: a / b)


def multiply_floats(first: Any, *others: Any) -> float:
    """Product of floats."""
    return _decimals((first, *others), lambda a, b: a * b)


def floor(value: Any) -> float:
    """Rounded down."""
    return float(math.floor(to_float(value)))


def ceil(value: Any) -> float:
    """Rounded up."""
    return float(math.ceil(to_float(value)))


def round_to(value: Any, places: int, *_: float) -> float:
    """Rounded to `places` decimals, halves away from zero."""
    step = Decimal(1).scaleb(-places)
    return float(Decimal(repr(to_float(value))).quantize(step, ROUND_HALF_UP))


def until(count: int) -> list[int]:
    """0 to `count`, exclusive; downwards when negative."""
    return until_step(0, count, -1 if count < 0 else 1)


def until_step(start: int, stop: int, step: int) -> list[int]:
    """`start` to `stop`, exclusive."""
    return [] if step == 0 else list(range(start, stop, step))


def sequence(*bounds: int) -> str:
    """As seq(1): numbers with both ends, separated by spaces."""
    if not 1 <= len(bounds) <= 3:
        return ""
    start, end = (1, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[-1])
    direction = 1 if end >= start else -1
    step = bounds[1] if len(bounds) == 3 else direction
    if step == 0 or (step > 0) != (direction > 0):
        return ""
    return " ".join(str(number) for number in range(start, end + direction, step))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "int": to_int,
    "int64": to_int,
    "float64": to_float,
    "toDecimal": to_decimal,
    "atoi": from_text,
    "add": add,
    "add1": add_one,
    "sub": subtract,
    "div": divide,
    "mod": modulo,
    "mul": multiply,
    "max": largest,
    "biggest": largest,
    "min": smallest,
    "maxf": largest_float,
    "minf": smallest_float,
    "addf": add_floats,
    "add1f": add_one_float,
    "subf": subtract_floats,
    "divf": divide_floats,
    "mulf": multiply_floats,
    "floor": floor,
    "ceil": ceil,
    "round": round_to,
    "until": until,
    "untilStep": until_step,
    "seq": sequence,
}
