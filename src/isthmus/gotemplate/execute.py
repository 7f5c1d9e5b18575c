"""Statements to text.

Knows control flow, scopes and named templates.
Does not know where templates come from, nor any function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any

from isthmus.gotemplate import nodes
from isthmus.gotemplate.errors import TemplateError
from isthmus.gotemplate.evaluate import Evaluator, MissingKey
from isthmus.gotemplate.formatting import printed
from isthmus.gotemplate.signatures import Function
from isthmus.gotemplate.values import MISSING, is_list, is_nil, sorted_items, truth


class _Flow(Enum):
    """What follows a statement."""

    NEXT = auto()
    BREAK = auto()
    CONTINUE = auto()


class Execution:
    """One execution of one template; nested invocations are executions of their own."""

    def __init__(
        self,
        templates: Mapping[str, nodes.Body],
        functions: Mapping[str, Function],
        missing_key: MissingKey,
        output: list[str],
    ) -> None:
        self._templates = templates
        self._functions = functions
        self._missing_key = missing_key
        self._output = output

    def run(self, body: nodes.Body, data: Any) -> None:
        """Append the text of `body`, executed with `data` as dot, to the output."""
        self._evaluator = Evaluator(self._functions, self._missing_key, data)
        self._body(data, body)

    def _body(self, dot: Any, body: nodes.Body) -> _Flow:
        for statement in body:
            flow = self._statement(dot, statement)
            if flow is not _Flow.NEXT:
                return flow
        return _Flow.NEXT

    def _statement(self, dot: Any, statement: nodes.Statement) -> _Flow:
        match statement:
            case nodes.Text():
                self._output.append(statement.text)
            case nodes.Output():
                value = self._evaluator.pipeline(dot, statement.pipe)
                if not statement.pipe.variables:
                    self._output.append(printed(value))
            case nodes.If() | nodes.With():
                return self._conditional(dot, statement)
            case nodes.Range():
                self._range(dot, statement)
            case nodes.Call():
                self._call(dot, statement)
            case nodes.Break():
                return _Flow.BREAK
            case nodes.Continue():
                return _Flow.CONTINUE
        return _Flow.NEXT

    def _conditional(self, dot: Any, statement: nodes.If | nodes.With) -> _Flow:
        mark = self._evaluator.mark()
        value = self._evaluator.pipeline(dot, statement.pipe)
        if truth(value):
            inner = value if isinstance(statement, nodes.With) else dot
            flow = self._body(inner, statement.body)
        else:
            flow = self._body(dot, statement.otherwise)
        self._evaluator.release(mark)
        return flow

    def _range(self, dot: Any, statement: nodes.Range) -> None:
        mark = self._evaluator.mark()
        value = self._evaluator.pipeline(dot, statement.pipe, binds=False)
        ran = False
        for key, element in _elements(value, statement.pipe):
            ran = True
            self._bind_element(statement.pipe, key, element)
            flow = self._body(element, statement.body)
            self._evaluator.release(mark)
            if flow is _Flow.BREAK:
                break
        if not ran:
            self._body(dot, statement.otherwise)
            self._evaluator.release(mark)

    def _bind_element(self, pipe: nodes.Pipe, key: Any, element: Any) -> None:
        values = (element,) if len(pipe.variables) == 1 else (key, element)
        for name, value in zip(pipe.variables, values, strict=False):
            self._evaluator.bind(name, value, assigns=pipe.assigns)

    def _call(self, dot: Any, statement: nodes.Call) -> None:
        body = self._templates.get(statement.name)
        if body is None:
            raise TemplateError(f'template "{statement.name}" not defined', statement.position, str(statement))
        data = MISSING if statement.pipe is None else self._evaluator.pipeline(dot, statement.pipe)
        Execution(self._templates, self._functions, self._missing_key, self._output).run(body, data)


def _elements(value: Any, pipe: nodes.Pipe) -> Iterator[tuple[Any, Any]]:
    """Keys and elements in Go's order: maps by sorted key, integers from zero."""
    if isinstance(value, Mapping):
        yield from sorted_items(value)
    elif is_list(value):
        yield from enumerate(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if len(pipe.variables) > 1:
            reason = f"can't use {value} to iterate over more than one variable"
            raise TemplateError(reason, pipe.position, str(pipe))
        yield from enumerate(range(value))
    elif not is_nil(value):
        reason = f"range can't iterate over {printed(value)}"
        raise TemplateError(reason, pipe.position, str(pipe))
