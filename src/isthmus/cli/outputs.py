"""Structured output of commands: JSON and YAML of plain values."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.cli.go_yaml import dump


def structured(value: Any, output: str) -> str:
    """The value as ``json`` (indented by four blanks, as ``istioctl``) or ``yaml``, ending in a line end."""
    if output == "yaml":
        return dump(value)
    return msgspec.json.format(msgspec.json.encode(value), indent=4).decode() + "\n"
