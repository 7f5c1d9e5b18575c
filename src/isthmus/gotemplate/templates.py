"""A set of templates that can call each other, and Helm's functions that need such a set.

Knows `include`, `tpl`, `required` and `fail`. Does not know charts, releases or clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from isthmus.gotemplate import nodes
from isthmus.gotemplate.errors import FunctionError, RefusedError, TemplateError
from isthmus.gotemplate.evaluate import MissingKey
from isthmus.gotemplate.execute import Execution
from isthmus.gotemplate.functions import sprig
from isthmus.gotemplate.parser import parse
from isthmus.gotemplate.signatures import Function, function
from isthmus.gotemplate.values import is_nil

_DEEPEST_INCLUDE = 1000  # Helm's own limit


class Templates:
    """Named templates with one set of functions."""

    def __init__(
        self, functions: Mapping[str, Callable[..., Any]] | None = None, *, missing_key: MissingKey = "default"
    ) -> None:
        """`functions` are added to Go's, Sprig's and Helm's, and replace those of the same name."""
        own: Mapping[str, Callable[..., Any]] = {
            "include": self._include,
            "tpl": self._render_text,
            "required": _required,
            "fail": _fail,
            "lookup": _lookup,
        }
        extra = {**own, **(functions or {})}
        self._functions: dict[str, Function] = {**sprig(), **{n: function(n, call) for n, call in extra.items()}}
        self._names = frozenset(self._functions)
        self._missing_key: MissingKey = missing_key
        self._bodies: dict[str, nodes.Body] = {}
        self._depth = 0

    def add(self, name: str, text: str) -> None:
        """Parse `text` as template `name`; what it defines becomes callable, later definitions win.

        Raises TemplateError.
        """
        parsed = parse(name, text, self._names)
        self._bodies.update(parsed.definitions)
        self._bodies[name] = parsed.body

    def execute(self, name: str, data: Any) -> str:
        """The text of template `name` for `data`. Raises TemplateError."""
        body = self._bodies.get(name)
        if body is None:
            raise TemplateError(f'template "{name}" not defined')
        output: list[str] = []
        try:
            Execution(self._bodies, self._functions, self._missing_key, output).run(body, data)
        except RecursionError:
            raise TemplateError(f'template "{name}" calls itself too deeply') from None
        return "".join(output)

    def _include(self, name: str, data: Any) -> str:
        if self._depth >= _DEEPEST_INCLUDE:
            raise FunctionError(f'rendering template has a nested reference name: "{name}"')
        self._depth += 1
        try:
            return self.execute(name, data)
        finally:
            self._depth -= 1

    def _render_text(self, text: str, data: Any) -> str:
        """Helm's tpl: what the text defines is seen by it alone."""
        outer = self._bodies
        self._bodies = dict(outer)
        try:
            self.add("gotpl", text)
            return self.execute("gotpl", data).replace("<no value>", "")
        finally:
            self._bodies = outer


def _required(message: str, value: Any) -> Any:
    if is_nil(value) or value == "":
        raise RefusedError(message)
    return value


def _fail(message: str) -> str:
    raise RefusedError(message)


def _lookup(api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
    """Without a cluster nothing is found."""
    return {}
