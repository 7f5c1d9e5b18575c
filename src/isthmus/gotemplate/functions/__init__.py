"""The functions that templates may call, by theme; `sprig()` puts them together.

Knows Go's built-in functions, Sprig's, and Helm's that need no chart.
Does not know templates or charts: `include`, `tpl` and `lookup` are added by who has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from isthmus.gotemplate.functions import (
    builtin,
    cryptography_functions,
    dates,
    defaults,
    dictionaries,
    encodings,
    lists,
    numbers,
    paths,
    random_values,
    reflection,
    regexps,
    text,
    versions,
)
from isthmus.gotemplate.signatures import Function, function

_THEMES = (
    builtin,
    cryptography_functions,
    dates,
    defaults,
    dictionaries,
    encodings,
    lists,
    numbers,
    paths,
    random_values,
    reflection,
    regexps,
    text,
    versions,
)


@cache
def sprig() -> Mapping[str, Function]:
    """Every function, by the name that templates use."""
    named = {name: call for theme in _THEMES for name, call in theme.FUNCTIONS.items()}
    return MappingProxyType({name: function(name, call) for name, call in named.items()})
