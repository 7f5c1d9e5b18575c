"""Sprig's semantic versions: parsing and constraints, as Masterminds/semver has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.values import Record

_VERSION = re.compile(
    r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?",
)
_RANGE = re.compile(r"(?<=[^\s,|])\s+-\s+(?=\S)")
_CONSTRAINT = re.compile(
    r"\s*(=|!=|>=|=>|<=|=<|>|<|~>|~|\^|)\s*"
    r"v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\s*"
)


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version; build metadata does not count in comparisons."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    metadata: str = ""

    def _key(self) -> tuple[Any, ...]:
        identifiers = [
            (0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.prerelease.split(".") if part
        ]
        return (self.major, self.minor, self.patch, not self.prerelease, identifiers)

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        text += f"-{self.prerelease}" if self.prerelease else ""
        return text + (f"+{self.metadata}" if self.metadata else "")


def parsed(text: str) -> Version:
    """Parse a version leniently: minor and patch may be missing, a leading v is allowed."""
    match = _VERSION.fullmatch(text)
    if not match:
        raise FunctionError("invalid semantic version")
    major, minor, patch, prerelease, metadata = match.groups()
    return Version(int(major), int(minor or 0), int(patch or 0), prerelease or "", metadata or "")


def version_record(text: str) -> Record:
    """A version with the fields and methods that templates use."""
    version = parsed(text)
    return Record(
        "*semver.Version",
        {},
        {
            "Major": lambda: version.major,
            "Minor": lambda: version.minor,
            "Patch": lambda: version.patch,
            "Prerelease": lambda: version.prerelease,
            "Metadata": lambda: version.metadata,
            "Original": lambda: text,
            "String": lambda: str(version),
            "Compare": lambda other: _compare(version, other),
            "Equal": lambda other: _compare(version, other) == 0,
            "GreaterThan": lambda other: _compare(version, other) > 0,
            "LessThan": lambda other: _compare(version, other) < 0,
        },
        str(version),
    )


def _compare(version: Version, other: Record) -> int:
    right = parsed(str(other))
    return (version > right) - (version < right)


def satisfies(constraint: str, text: str) -> bool:
    """Report whether a version meets a constraint such as `>=1.2.0-0 <2 || ^3`."""
    version = parsed(text)
    alternatives = [_conditions(alternative) for alternative in constraint.split("||")]
    return any(all(condition(version) for condition in conditions) for conditions in alternatives)


def _conditions(alternative: str) -> list[Callable[[Version], bool]]:
    spelled = _RANGE.sub(" <=", ">=" + alternative.strip()) if _RANGE.search(alternative.strip()) else alternative
    conditions = []
    for part in spelled.split(","):
        offset = 0
        while offset < len(part):
            match = _CONSTRAINT.match(part, offset)
            if not match:
                raise FunctionError(f"improper constraint: {alternative.strip()}")
            conditions.append(_condition(match))
            offset = match.end()
    return conditions


def _condition(match: re.Match[str]) -> Callable[[Version], bool]:
    operator, *numbers, prerelease = match.groups()
    fixed = []
    for number in numbers:
        if number is None or number in "xX*":
            break
        fixed.append(int(number))
    major, minor, patch = fixed + [0] * (3 - len(fixed))
    low = Version(major, minor, patch, prerelease or "")
    test = _test(operator, low, len(fixed))
    return lambda version: (not version.prerelease or bool(prerelease)) and test(version)


def _test(operator: str, low: Version, fixed: int) -> Callable[[Version], bool]:
    if fixed == 0 and operator not in ("!=", ">", "<"):
        return lambda version: True
    above = _next(low, fixed)
    match operator:
        case "" | "=" if fixed < 3:
            return lambda version: low <= version < above
        case "" | "=":
            return lambda version: version == low
        case "!=":
            return lambda version: not low <= version < above if fixed < 3 else version != low
        case ">":
            return lambda version: version >= above if fixed < 3 else version > low
        case ">=" | "=>":
            return lambda version: version >= low
        case "<":
            return lambda version: version < low
        case "<=" | "=<":
            return lambda version: version < above if fixed < 3 else version <= low
        case "~" | "~>":
            upper = _next(low, min(fixed, 2))
            return lambda version: low <= version < upper
    return lambda version: low <= version < _caret(low, fixed)


def _next(low: Version, fixed: int) -> Version:
    """The first version whose first `fixed` numbers differ upwards."""
    if fixed <= 1:
        return Version(low.major + 1, 0, 0)
    return Version(low.major, low.minor + 1, 0) if fixed == 2 else Version(low.major, low.minor, low.patch + 1)


def _caret(low: Version, fixed: int) -> Version:
    """The first version that `^low` leaves out: its first non-zero number may not change."""
    if low.major > 0 or fixed == 1:
        return _next(low, 1)
    return _next(low, 2) if low.minor > 0 or fixed == 2 else _next(low, 3)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {"semver": version_record, "semverCompare": satisfies}
