"""Sprig's functions on text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.formatting import formatted, quoted
from isthmus.gotemplate.values import is_list, is_nil


def as_text(value: Any) -> str:
    """Sprig's strval: text as it is, everything else as `%v`."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else formatted(value)


def texts(value: Any) -> list[str]:
    """Sprig's toStrings: nil elements are dropped, a scalar is a list of one."""
    if is_nil(value):
        return []
    if is_list(value):
        return [as_text(element) for element in value if not is_nil(element)]
    return [as_text(value)]


def quote(*values: Any) -> str:
    """Every argument in double quotes; nil is left out."""
    return " ".join(quoted(as_text(value)) for value in values if not is_nil(value))


def single_quote(*values: Any) -> str:
    """Every argument in single quotes; nil is left out."""
    return " ".join(f"'{formatted(value)}'" for value in values if not is_nil(value))


def concatenate(*values: Any) -> str:
    """Arguments separated by spaces; nil is left out."""
    return " ".join(formatted(value) for value in values if not is_nil(value))


def indent(spaces: int, text: str) -> str:
    """Every line moved right."""
    padding = " " * spaces
    return padding + text.replace("\n", "\n" + padding)


def indent_on_new_line(spaces: int, text: str) -> str:
    """Sprig's nindent: a line break, then the indented text."""
    return "\n" + indent(spaces, text)


def replace(old: str, new: str, text: str) -> str:
    """Every occurrence replaced."""
    return text.replace(old, new)


def trim(text: str) -> str:
    """Without white space at both ends."""
    return text.strip()


def trim_all(characters: str, text: str) -> str:
    """Without any of `characters` at both ends."""
    return text.strip(characters) if characters else text


def trim_suffix(suffix: str, text: str) -> str:
    """Without `suffix`."""
    return text.removesuffix(suffix)


def trim_prefix(prefix: str, text: str) -> str:
    """Without `prefix`."""
    return text.removeprefix(prefix)


def upper(text: str) -> str:
    """In upper case."""
    return text.upper()


def lower(text: str) -> str:
    """In lower case."""
    return text.lower()


def title(text: str) -> str:
    """Every word's first letter in upper case, the rest untouched."""
    return re.sub(r"(?<!\w)\w", lambda match: match.group().upper(), text)


def untitle(text: str) -> str:
    """Every word's first letter in lower case."""
    return re.sub(r"(?<!\S)\S", lambda match: match.group().lower(), text)


def repeat(count: int, text: str) -> str:
    """`text`, `count` times."""
    if count < 0:
        raise FunctionError("strings: negative Repeat count")
    return text * count


def substring(start: int, end: int, text: str) -> str:
    """Bytes from `start` to `end`; a negative bound means the text's own."""
    data = text.encode()
    if start < 0:
        return data[: max(end, 0)].decode("utf-8", "replace")
    if end < 0 or end > len(data):
        return data[start:].decode("utf-8", "replace")
    return data[start:end].decode("utf-8", "replace")


def without_space(text: str) -> str:
    """Without any white space."""
    return "".join(text.split())


def truncate(length: int, text: str) -> str:
    """The first `length` bytes, or the last ones when negative."""
    data = text.encode()
    if length < 0:
        return (data[length:] if len(data) + length > 0 else data).decode("utf-8", "replace")
    return data[:length].decode("utf-8", "replace")


def abbreviate(width: int, text: str) -> str:
    """Cut to `width` with an ellipsis; a width below 4 changes nothing."""
    return text if width < 4 or len(text) <= width else text[: width - 3] + "..."


def abbreviate_both(left: int, right: int, text: str) -> str:
    """Cut on both sides with ellipses."""
    if right < 4 or (left > 0 and right < 7) or len(text) <= right:
        return text
    if left <= 4:
        return abbreviate(right, text)
    if left + right - 3 >= len(text):
        return "..." + text[len(text) - right + 3 :]
    return "..." + abbreviate(right - 3, text[left:])


def initials(text: str) -> str:
    """Every word's first letter."""
    return "".join(word[0] for word in text.split())


def wrap(width: int, text: str) -> str:
    """Lines of at most `width`; longer words stay whole."""
    return "\n".join(textwrap.wrap(text, max(width, 1), break_on_hyphens=False, break_long_words=False))


def wrap_with(width: int, separator: str, text: str) -> str:
    """Lines of at most `width`, joined by `separator`; long words are cut."""
    return separator.join(textwrap.wrap(text, max(width, 1), break_on_hyphens=False))


def contains(part: str, text: str) -> bool:
    """Report whether `part` occurs."""
    return part in text


def has_prefix(prefix: str, text: str) -> bool:
    """Report whether `text` starts so."""
    return text.startswith(prefix)


def has_suffix(suffix: str, text: str) -> bool:
    """Report whether `text` ends so."""
    return text.endswith(suffix)


def plural(one: str, many: str, count: int) -> str:
    """`one` for exactly 1."""
    return one if count == 1 else many


def snake_case(text: str) -> str:
    """`FirstName` is `first_name`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3_\2\4", text)
    return re.sub(r"[\s_-]+", "_", spaced).lower()


def kebab_case(text: str) -> str:
    """`FirstName` is `first-name`."""
    return snake_case(text).replace("_", "-")


def camel_case(text: str) -> str:
    """`http_server` is `HttpServer`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[\s_-]+", text))


def swap_case(text: str) -> str:
    """Upper case to lower and back; words start as title case is."""
    return text.swapcase()


def join(separator: str, value: Any) -> str:
    """A list's elements as text, joined."""
    return separator.join(texts(value))


def split(separator: str, text: str) -> dict[str, str]:
    """A map of `_0`, `_1`, …"""
    return _numbered(text.split(separator) if separator else list(text))


def split_times(separator: str, count: int, text: str) -> dict[str, str]:
    """As `split`, into at most `count` parts."""
    return _numbered(text.split(separator, count - 1) if count > 0 else text.split(separator))


def _numbered(parts: Sequence[str]) -> dict[str, str]:
    return {f"_{position}": part for position, part in enumerate(parts)}


def split_list(separator: str, text: str) -> list[str]:
    """A list of parts."""
    return text.split(separator) if separator else list(text)


def sort_alphabetically(value: Any) -> list[str]:
    """A list's elements as text, sorted."""
    return sorted(texts(value))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "quote": quote,
    "squote": single_quote,
    "cat": concatenate,
    "indent": indent,
    "nindent": indent_on_new_line,
    "replace": replace,
    "trim": trim,
    "trimAll": trim_all,
    "trimall": trim_all,
    "trimSuffix": trim_suffix,
    "trimPrefix": trim_prefix,
    "upper": upper,
    "lower": lower,
    "title": title,
    "untitle": untitle,
    "repeat": repeat,
    "substr": substring,
    "nospace": without_space,
    "trunc": truncate,
    "abbrev": abbreviate,
    "abbrevboth": abbreviate_both,
    "initials": initials,
    "wrap": wrap,
    "wrapWith": wrap_with,
    "contains": contains,
    "hasPrefix": has_prefix,
    "hasSuffix": has_suffix,
    "plural": plural,
    "snakecase": snake_case,
    "kebabcase": kebab_case,
    "camelcase": camel_case,
    "swapcase": swap_case,
    "toString": as_text,
    "toStrings": texts,
    "join": join,
    "split": split,
    "splitn": split_times,
    "splitList": split_list,
    "sortAlpha": sort_alphabetically,
}
