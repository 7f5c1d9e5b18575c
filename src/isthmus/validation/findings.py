"""Small steps that all rules share: reporting a wrong text, repeated values, durations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from isthmus.api.config import Problem, Severity
from isthmus.api.duration import seconds
from isthmus.api.http_policy import Percent
from isthmus.validation import syntax

Findings = Iterator[Problem]
T = TypeVar("T", bound=Hashable)


def warning(path: str, message: str, rule: str = "") -> Problem:
    """A finding that does not refuse the object."""
    return Problem(path, message, Severity.WARNING, rule)


def wrong(path: str, message: str) -> Findings:
    """The finding of a check from ``syntax``, when there is one."""
    if message:
        yield Problem(path, message)


def each(path: str, texts: Iterable[str], check: Callable[[str], str]) -> Findings:
    """The findings of a check on every text of a list."""
    for index, text in enumerate(texts):
        yield from wrong(f"{path}[{index}]", check(text))


def repeated(values: Iterable[T]) -> list[tuple[int, int, T]]:
    """``(first position, later position, value)`` of every value that occurs again; empty values do not count."""
    seen: dict[T, int] = {}
    found: list[tuple[int, int, T]] = []
    for index, value in enumerate(values):
        if not value:
            continue
        if value in seen:
            found.append((seen[value], index, value))
        else:
            seen[value] = index
    return found


def labels(path: str, pairs: Mapping[str, str]) -> Findings:
    """Malformed keys and values of labels."""
    for key, value in pairs.items():
        yield from wrong(path, syntax.label_key(key))
        yield from wrong(f"{path}[{key}]", syntax.label_value(value))


def duration(path: str, text: str | None, *, least: float = 0.001) -> Findings:
    """A duration below ``least`` seconds; Envoy counts in whole milliseconds."""
    if text is not None and seconds(text) < least:
        yield Problem(path, f"{text} is too short: write at least {'1ms' if least else '0s'}")


def percent(path: str, share: Percent | float | None) -> Findings:
    """A share that is not between 0 and 100."""
    value = share.value if isinstance(share, Percent) else share
    if value is not None and not 0 <= value <= 100:
        yield Problem(path, f"{value} is not a percentage: write a number between 0 and 100")


def not_negative(path: str, numbers: Mapping[str, int]) -> Findings:
    """Numbers below zero, by field name."""
    for name, number in numbers.items():
        if number < 0:
            yield Problem(f"{path}.{name}", f"{number} is negative")


def export_to(path: str, namespaces: tuple[str, ...]) -> Findings:
    """``exportTo``: namespaces, ``.`` or ``*``; ``~`` only alone."""
    for index, namespace in enumerate(namespaces):
        if namespace not in ("*", ".", "~"):
            yield from wrong(f"{path}[{index}]", syntax.dns_label(namespace))
    for _, index, namespace in repeated(namespaces):
        yield Problem(f"{path}[{index}]", f"{namespace!r} occurs twice")
    if len(namespaces) > 1 and {"*", "~"} & set(namespaces):
        yield Problem(path, "'*' and '~' must stand alone")
