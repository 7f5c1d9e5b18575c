"""YAML text as Kubernetes reads it: JSON values only.

Knows the traps of YAML 1.1 that PyYAML keeps: dates and clock times would become objects that JSON does not
have, octal and sexagesimal numbers would change their value. Such scalars stay text here.
"""

from __future__ import annotations

import re

import yaml

from isthmus import bounded_yaml

_INTEGER = re.compile(r"^[-+]?(0|[1-9][0-9]*|0x[0-9a-fA-F]+)$")
_FLOAT = re.compile(r"^([-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?\.inf|\.nan)$")
_DROPPED = {
    "tag:yaml.org,2002:timestamp",
    "tag:yaml.org,2002:value",
    "tag:yaml.org,2002:int",
    "tag:yaml.org,2002:float",
}
_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc, valid-type]  # the C loader when libyaml is there
    """A safe loader with Kubernetes' scalars."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _DROPPED]
    for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


class YamlError(ValueError):
    """The text is not YAML, or more than may be loaded; the message names line and column."""


def documents(text: str) -> list[object]:
    """All documents of a text, empty ones left out. Raises ``YamlError``."""
    return [found for _, found in numbered_documents(text)]


def numbered_documents(text: str) -> list[tuple[int, object]]:
    """All documents with the line where each begins (from 1), empty ones left out. Raises ``YamlError``."""
    found: list[tuple[int, object]] = []
    try:
        bounded_yaml.check(text)
        loader = _Loader(text)
        while loader.check_node():
            node = loader.get_node()
            found.append((node.start_mark.line + 1, loader.construct_document(node)))
    except yaml.YAMLError as error:
        raise YamlError(_one_line(error)) from error
    except ValueError as error:  # a number that Python does not take
        raise YamlError(str(error)) from error
    return [entry for entry in found if entry[1] is not None]


def document(text: str) -> object:
    """The only document of a text; ``None`` when it is empty. Raises ``YamlError``."""
    found = documents(text)
    if len(found) > 1:
        raise YamlError(f"expected one YAML document, found {len(found)}")
    return found[0] if found else None


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem
