"""The order in which go-yaml writes the keys of a map: `a2` before `a10`, letters after other characters."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"[0-9]*")


def compare_keys(first: str, second: str) -> int:
    """Negative, zero or positive, as `first` comes before, with, or after `second`."""
    for index, (left, right) in enumerate(zip(first, second, strict=False)):
        if left == right:
            continue
        if left.isalpha() and right.isalpha():
            return -1 if left < right else 1
        if left.isalpha() or right.isalpha():
            return -1 if right.isalpha() else 1
        return _compare_numbers(first, second, index)
    return len(first) - len(second)


def _compare_numbers(first: str, second: str, index: int) -> int:
    """Compare where neither side has a letter: runs of digits count as numbers."""
    left, right = (_run(text, index) for text in (first, second))
    inside = "0" in (first[index], second[index]) and _inside_number(first, index)
    values = [int(("1" if inside else "") + (run or "0")) if run or not inside else 1 for run in (left, right)]
    if values[0] != values[1]:
        return -1 if values[0] < values[1] else 1
    if len(left) != len(right):
        return len(left) - len(right)
    return -1 if first[index] < second[index] else 1


def _run(text: str, index: int) -> str:
    match = _DIGITS.match(text, index)
    return match.group() if match else ""


def _inside_number(text: str, index: int) -> bool:
    """Report whether the digits just before `index` already make a number above zero."""
    digits = re.search(r"[0-9]*$", text[:index])
    return digits is not None and digits.group().strip("0") != ""
