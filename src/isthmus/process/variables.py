"""Typed reading of environment variables. Knows the syntax of values, not what a variable means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isthmus.process import durations

_BOOLEANS = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False, "": False}


class SettingError(ValueError):
    """A setting that cannot be used: the message names it, its value and what would be right."""


@dataclass(frozen=True, slots=True)
class Variables:
    """One process environment. An empty value counts as not set, as the injection templates write it."""

    values: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        """The variable, or the default when it is empty or missing."""
        return self.values.get(name, "") or default

    def integer(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.text(name)
        try:
            return int(value) if value else default
        except ValueError:
            raise SettingError(f"{name}={value!r}: expected a whole number") from None

    def number(self, name: str, default: float) -> float:
        """A decimal number."""
        value = self.text(name)
        try:
            return float(value) if value else default
        except ValueError:
            raise SettingError(f"{name}={value!r}: expected a number") from None

    def boolean(self, name: str, default: bool = False) -> bool:
        """A truth value as Go's ``strconv.ParseBool`` reads it."""
        value = self.text(name)
        if not value:
            return default
        try:
            return _BOOLEANS[value.lower()]
        except KeyError:
            raise SettingError(f"{name}={value!r}: expected true or false") from None

    def duration(self, name: str, default: str) -> float:
        """A duration in seconds."""
        try:
            return durations.seconds(self.text(name, default))
        except ValueError as error:
            raise SettingError(f"{name}: {error}") from None

    def with_prefix(self, prefix: str) -> dict[str, str]:
        """All variables that start with a prefix, without it."""
        return {name.removeprefix(prefix): value for name, value in self.values.items() if name.startswith(prefix)}
