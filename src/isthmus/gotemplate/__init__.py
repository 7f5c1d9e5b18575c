"""Go's text/template with Sprig's and Helm's functions, in pure Python.

Exact where templates of charts and of sidecar injection can tell the difference: missing keys, nil,
comparison of kinds, number formats, YAML and JSON text. Safe to give other people's templates:
they see maps, lists, scalars and `Record`s, never a Python attribute.
Does not know charts (see `isthmus.install`) or pods (see `isthmus.inject`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from isthmus.gotemplate.errors import FunctionError, Position, TemplateError
from isthmus.gotemplate.evaluate import MissingKey
from isthmus.gotemplate.templates import Templates
from isthmus.gotemplate.values import MISSING, MethodList, MethodMap, Record

__all__ = [
    "MISSING",
    "FunctionError",
    "MethodList",
    "MethodMap",
    "MissingKey",
    "Position",
    "Record",
    "TemplateError",
    "Templates",
    "render",
]


def render(
    text: str,
    data: Any,
    *,
    name: str = "template",
    includes: Mapping[str, str] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    missing_key: MissingKey = "default",
) -> str:
    """Render one template.

    `data` is dot: maps, lists, scalars and Records; maps that the template changes with `set` are changed.
    `includes` are further texts by name, whose definitions the template may call.
    `functions` are added to the standard ones; annotated parameters (`str`, `int`, `float`, `bool`,
    `Mapping`, `list`) are checked as Go would. They report mistakes by raising FunctionError.
    `missing_key` is Go's option: "default" walks through missing keys, "zero" is what Helm uses.
    Raises TemplateError, whose text names template, line and expression.
    Parsed texts are kept, so rendering the same text again costs only the execution.
    """
    templates = Templates(functions, missing_key=missing_key)
    for include_name, include_text in (includes or {}).items():
        templates.add(include_name, include_text)
    templates.add(name, text)
    return templates.execute(name, data)
