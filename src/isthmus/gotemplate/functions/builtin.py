"""The functions of Go's text/template itself.

`and` and `or` are here only for their names: the evaluator decides which arguments are evaluated.
"""

from __future__ import annotations

import html as html_escapes
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.formatting import formatted, go_syntax, joined
from isthmus.gotemplate.printf import sprintf
from isthmus.gotemplate.values import is_list, is_nil, kind_name, truth, type_name


def _kind(value: Any) -> str:
    """The basic kind by which values compare."""
    return "invalid" if value is None else kind_name(value)


def equal(first: Any, *others: Any) -> bool:
    """Report whether `first` equals any of the others; kinds must agree unless one is nil."""
    if not others:
        raise FunctionError("missing argument for comparison")
    return any(_equals(first, other) for other in others)


def _equals(first: Any, other: Any) -> bool:
    if _kind(first) != _kind(other):
        if is_nil(first) or is_nil(other):
            return False
        raise FunctionError(f"incompatible types for comparison: {type_name(first)} and {type_name(other)}")
    if isinstance(first, Mapping) or is_list(first):
        raise FunctionError(f"non-comparable type {formatted(first)}: {type_name(first)}")
    return bool(first == other)


def not_equal(first: Any, other: Any) -> bool:
    """Go's `ne`."""
    return not _equals(first, other)


def less(first: Any, other: Any) -> bool:
    """Go's `lt`: numbers of one kind, or text."""
    for value in (first, other):
        if _kind(value) not in ("int", "float64", "string"):
            raise FunctionError("invalid type for comparison")
    if _kind(first) != _kind(other):
        raise FunctionError(f"incompatible types for comparison: {type_name(first)} and {type_name(other)}")
    return bool(first < other)


def less_or_equal(first: Any, other: Any) -> bool:
    """Go's `le`."""
    return less(first, other) or _equals(first, other)


def greater(first: Any, other: Any) -> bool:
    """Go's `gt`."""
    return not less_or_equal(first, other)


def greater_or_equal(first: Any, other: Any) -> bool:
    """Go's `ge`."""
    return not less(first, other)


def index(item: Any, *keys: Any) -> Any:
    """`index x 1 "a"` is `x[1]["a"]`; a missing map key is nil."""
    for key in keys:
        item = _at(item, key)
    return item


def _at(item: Any, key: Any) -> Any:
    if is_nil(item):
        raise FunctionError("index of untyped nil")
    if isinstance(item, Mapping):
        if not isinstance(key, str):
            raise FunctionError(f"value has type {type_name(key)}; should be string")
        return item.get(key)
    if not is_list(item) and not isinstance(item, str):
        raise FunctionError(f"can't index item of type {type_name(item)}")
    position = _position(key, len(item) - 1)
    return item.encode()[position] if isinstance(item, str) else item[position]


def _position(key: Any, last: int) -> int:
    if isinstance(key, bool) or not isinstance(key, int):
        raise FunctionError(f"cannot index slice/array with {'nil' if key is None else 'type ' + type_name(key)}")
    if not 0 <= key <= last:
        raise FunctionError(f"index out of range: {key}")
    return key


def length(item: Any) -> int:
    """Entries of a map, elements of a list, bytes of text."""
    if isinstance(item, str):
        return len(item.encode())
    if isinstance(item, Mapping) or is_list(item) or isinstance(item, bytes):
        return len(item)
    if item is None:
        raise FunctionError("len of nil pointer")
    raise FunctionError(f"len of type {type_name(item)}")


def logical_not(value: Any) -> bool:
    """Go's `not`."""
    return not truth(value)


def call(called: Any, *arguments: Any) -> Any:
    """Call a function value."""
    if not callable(called):
        raise FunctionError(f"non-function {go_syntax(called)} of type {type_name(called)}")
    return called(*arguments)


def print_all(*values: Any) -> str:
    """fmt.Sprint."""
    return joined(values)


def print_line(*values: Any) -> str:
    """fmt.Sprintln."""
    return " ".join(formatted(value) for value in values) + "\n"


def print_formatted(text: str, *values: Any) -> str:
    """fmt.Sprintf."""
    return sprintf(text, *values)


def escape_html(*values: Any) -> str:
    """Text for HTML."""
    return html_escapes.escape(joined(values)).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")


def escape_script(*values: Any) -> str:
    """Text for a JavaScript string."""
    escaped = json.dumps(joined(values), ensure_ascii=False)[1:-1].replace("'", "\\'")
    return escaped.replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026").replace("=", "\\u003D")


def escape_query(*values: Any) -> str:
    """Text for a URL's query."""
    return quote_plus(joined(values))


def short_circuited(first: Any, *others: Any) -> Any:
    """Stands for `and` and `or`, which the evaluator handles."""
    raise AssertionError("and/or are evaluated by the evaluator")


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "and": short_circuited,
    "or": short_circuited,
    "not": logical_not,
    "eq": equal,
    "ne": not_equal,
    "lt": less,
    "le": less_or_equal,
    "gt": greater,
    "ge": greater_or_equal,
    "index": index,
    "len": length,
    "call": call,
    "print": print_all,
    "println": print_line,
    "printf": print_formatted,
    "html": escape_html,
    "js": escape_script,
    "urlquery": escape_query,
}
