"""A guide as a value, read from YAML files that stand beside each other in one directory.

Knows the format. Runs nothing.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import yaml
from msgspec import structs

T = TypeVar("T")
Text = Annotated[str, msgspec.Meta(min_length=1)]


class GuideError(ValueError):
    """A guide that cannot be read: names the file, the field and what is wrong with it."""


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that must be true after a step."""

    says: Text
    """What is expected, as a sentence."""
    run: str = ""
    """A command whose output is looked at; without it, the output of the step itself."""
    output: tuple[str, ...] = ()
    """Regular expressions (multi-line mode), each of which must be found in the output."""
    absent: tuple[str, ...] = ()
    """Regular expressions that must not be found."""
    times: int | None = None
    """How often the first expression of `output` must be found, where the number matters."""
    within: float = 20.0
    """For how many seconds `run` is repeated until it is as expected: a cluster follows a command after a while."""
    explain: str = ""
    """A command whose output helps to understand why it is not as expected."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command of a guide, as printed, and what must be seen."""

    name: Text
    says: Text
    run: Text
    answer: str = ""
    """What the user types when the command asks."""
    wait: str = ""
    """A command that runs first and ends when what the guide tells to wait for has happened."""
    see: tuple[Check, ...] = ()
    seconds: float = 120.0
    """After so long the command has failed."""
    row: str = ""
    """The row of the list of guides (`rows`) that begins with this step, where a file carries out several."""


class Guide(msgspec.Struct, frozen=True):
    """A whole walkthrough."""

    name: str
    title: str
    topology: str
    """The lab topology that it is written for."""
    steps: tuple[Step, ...]
    rows: tuple[str, ...] = ()
    """The rows that it carries out."""

    def steps_of(self, row: str) -> tuple[Step, ...]:
        """The steps that carry out a row: those from its mark to the next; all, where none is marked with it."""
        current, found = self.rows[0] if self.rows else "", []
        for step in self.steps:
            current = step.row or current
            if current == row:
                found.append(step)
        return tuple(found) or self.steps

    def position(self, step: str) -> int:
        """The index of the step with this name; GuideError lists the names where there is none."""
        for index, each in enumerate(self.steps):
            if each.name == step:
                return index
        raise GuideError(f"guide {self.name} has no step {step}; it has: {', '.join(s.name for s in self.steps)}")


class _Include(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    include: str
    row: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    steps: tuple[dict[str, Any], ...]
    topology: str = ""
    rows: tuple[str, ...] = ()


def names(directory: Path) -> tuple[str, ...]:
    """The guides of a directory: files with a topology. The others are parts that guides include."""
    return tuple(sorted(path.stem for path in directory.glob("*.yaml") if _read(path).topology))


def load(directory: Path, name: str) -> Guide:
    """The guide `NAME.yaml` with everything it includes.

    Raises GuideError for an unknown guide, an unknown field, a step name that occurs twice, or a broken expression.
    """
    path = directory / f"{name}.yaml"
    if not path.exists():
        raise GuideError(f"there is no guide {name}; there are: {', '.join(names(directory))}")
    file = _read(path)
    guide = Guide(name, file.title, file.topology, tuple(_steps(path, file)), file.rows or (name,))
    _validate(guide)
    return guide


def _read(path: Path) -> _File:
    return _convert(path, yaml.safe_load(path.read_text()), _File)


def _steps(path: Path, file: _File) -> Iterator[Step]:
    for raw in file.steps:
        if "include" in raw:
            yield from _included(path, _convert(path, raw, _Include))
        else:
            yield _convert(path, raw, Step)


def _included(path: Path, include: _Include) -> Iterator[Step]:
    part = path.with_name(f"{include.include}.yaml")
    if not part.exists():
        raise GuideError(f"{path.name}: it includes {include.include}, but there is no {part.name}")
    for index, step in enumerate(_steps(part, _read(part))):
        yield structs.replace(step, row=include.row) if index == 0 and include.row else step


def _convert(path: Path, raw: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as problem:
        where = f" in step {raw['name']}" if isinstance(raw, dict) and "name" in raw else ""
        raise GuideError(f"{path.name}{where}: {problem}") from None


def _validate(guide: Guide) -> None:
    seen: set[str] = set()
    for step in guide.steps:
        if step.name in seen:
            raise GuideError(f"guide {guide.name}: the step name {step.name} occurs twice")
        seen.add(step.name)
        if step.row and step.row not in guide.rows:
            raise GuideError(f"guide {guide.name}, step {step.name}: row {step.row} is not among its rows")
        for expression in (each for check in step.see for each in check.output + check.absent):
            try:
                re.compile(expression)
            except re.error as problem:
                raise GuideError(f"guide {guide.name}, step {step.name}: {expression!r}: {problem}") from None
