"""The parse tree of a template: one frozen record per construct of Go's text/template.

Knows how an expression reads in an error message. Does not know how anything is executed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from isthmus.gotemplate.errors import Position


@dataclass(frozen=True, slots=True)
class Dot:
    """`.`"""

    position: Position

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True, slots=True)
class Nil:
    """`nil`"""

    position: Position

    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, number, character or boolean; `text` is its spelling in the template."""

    position: Position
    value: str | int | float | bool
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Field:
    """`.A.B`, read from dot."""

    position: Position
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x.A.B`; `name` includes the dollar sign."""

    position: Position
    name: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Identifier:
    """A function's name."""

    position: Position
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Chain:
    """`(operand).A.B`"""

    position: Position
    operand: Operand
    names: tuple[str, ...]

    def __str__(self) -> str:
        operand = f"({self.operand})" if isinstance(self.operand, Pipe) else str(self.operand)
        return operand + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Command:
    """One stage of a pipeline: a function or operand, and its arguments."""

    position: Position
    words: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(f"({word})" if isinstance(word, Pipe) else str(word) for word in self.words)


@dataclass(frozen=True, slots=True)
class Pipe:
    """`$a, $b := f x | g`; each stage's result is the last argument of the next."""

    position: Position
    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    assigns: bool = False

    def __str__(self) -> str:
        stages = " | ".join(str(command) for command in self.commands)
        if not self.variables:
            return stages
        return f"{', '.join(self.variables)} {'=' if self.assigns else ':='} {stages}"


Operand: TypeAlias = Dot | Nil | Literal | Field | Variable | Identifier | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Text:
    """Text between actions."""

    text: str


@dataclass(frozen=True, slots=True)
class Output:
    """`{{ pipeline }}`: prints its value unless it declares variables."""

    pipe: Pipe


@dataclass(frozen=True, slots=True)
class If:
    """`{{if}} … {{else}} … {{end}}`"""

    pipe: Pipe
    body: Body
    otherwise: Body


@dataclass(frozen=True, slots=True)
class With:
    """`{{with}} … {{else}} … {{end}}`: dot becomes the value."""

    pipe: Pipe
    body: Body
    otherwise: Body


@dataclass(frozen=True, slots=True)
class Range:
    """`{{range}} … {{else}} … {{end}}`"""

    pipe: Pipe
    body: Body
    otherwise: Body


@dataclass(frozen=True, slots=True)
class Call:
    """`{{template "name" pipeline}}`"""

    position: Position
    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return f'{{{{template "{self.name}"}}}}'


@dataclass(frozen=True, slots=True)
class Break:
    """`{{break}}`"""


@dataclass(frozen=True, slots=True)
class Continue:
    """`{{continue}}`"""


Statement: TypeAlias = Text | Output | If | With | Range | Call | Break | Continue
Body: TypeAlias = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """One template text: its own body and the templates that it defines, by name."""

    name: str
    body: Body
    definitions: tuple[tuple[str, Body], ...]
