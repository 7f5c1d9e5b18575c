"""The one error of this package: where a template went wrong and why.

Knows how Go words a location (`template: NAME:LINE:COLUMN: executing "NAME" at <EXPRESSION>`).
Does not know what is a template author's mistake and what is a user's: both are named the same way.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a template's text; `line` and `column` count from 1 and 0, as Go's do."""

    template: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.template}:{self.line}:{self.column}"


class TemplateError(Exception):
    """A template could not be parsed or executed; `str()` names template, line and expression."""

    def __init__(self, reason: str, position: Position | None = None, expression: str = "") -> None:
        self.reason = reason
        self.position = position
        self.expression = expression
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        if self.position is None:
            return self.reason
        if not self.expression:
            return f"template: {self.position.template}:{self.position.line}: {self.reason}"
        where = f'executing "{self.position.template}" at <{self.expression}>'
        return f"template: {self.position}: {where}: {self.reason}"


class TemplateRefusedError(TemplateError):
    """The template's author says what is wrong, by `fail` or `required`: the words reach the user as they are."""


class FunctionError(Exception):
    """Raised by a template function; the evaluator adds the place where it was called."""


class RefusedError(FunctionError):
    """Raised by `fail` and `required`."""
