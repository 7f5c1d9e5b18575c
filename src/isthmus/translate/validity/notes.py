"""A list of problems on its way through nested parts of an object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from isthmus.api.config import Problem, Problems, Severity

T = TypeVar("T")


class Notes:
    """Collects problems; knows the path of the part that is looked at."""

    def __init__(self, path: str = "spec", found: list[Problem] | None = None) -> None:
        self.path = path
        self._found: list[Problem] = [] if found is None else found

    def at(self, field: str) -> Notes:
        """The same list, one field further inside."""
        return Notes(f"{self.path}.{field}", self._found)

    def each(self, field: str, items: Iterable[T]) -> Iterator[tuple[Notes, T]]:
        """Each item of a list with its own path."""
        for i, item in enumerate(items):
            yield Notes(f"{self.path}.{field}[{i}]", self._found), item

    def error(self, message: str) -> None:
        """A part that is left out."""
        self._found.append(Problem(self.path, message))

    def warning(self, message: str) -> None:
        """Something that works, but hardly as meant."""
        self._found.append(Problem(self.path, message, Severity.WARNING))

    @property
    def problems(self) -> Problems:
        """Everything found."""
        return tuple(self._found)
