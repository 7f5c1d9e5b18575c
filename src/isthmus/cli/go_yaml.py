"""YAML in the style of Go's encoders, which is what users of Kubernetes diff and grep.

Knows the style: block form, list items level with their key, literal blocks for text of several lines, double
quotes around text that would otherwise be read as something else.
"""

from __future__ import annotations

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    if "\n" in value:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    tag = dumper.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    plain = tag == "tag:yaml.org,2002:str"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def dump(value: Any, *, sort: bool = False) -> str:
    """The YAML of plain values; keys stay in their order unless ``sort``."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=False, sort_keys=sort, width=2**31, allow_unicode=True
    )
    return text
