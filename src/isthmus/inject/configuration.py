"""The injector's configuration: the ``config`` and ``values`` of its ConfigMap.

Knows: their shape. Does not know where the ConfigMap is or what is in the templates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from isthmus.api.core_selector import Selector
from isthmus.api.yaml_text import YamlError, document
from isthmus.inject.errors import InjectionError


class InjectorConfig(msgspec.Struct, frozen=True, rename="camel"):
    """Who is injected by default, and with which templates."""

    policy: str = "enabled"
    default_templates: tuple[str, ...] = ("sidecar",)
    always_inject_selector: tuple[Selector, ...] = ()
    never_inject_selector: tuple[Selector, ...] = ()
    injected_annotations: dict[str, str] = {}
    templates: dict[str, str] = {}
    aliases: dict[str, tuple[str, ...]] = {}


def parse_config(text: str) -> InjectorConfig:
    """The ``config`` key; InjectionError says what does not fit."""
    try:
        raw = document(text)
        fields = {key: value for key, value in raw.items() if value is not None} if isinstance(raw, dict) else raw
        return msgspec.convert(fields or {}, InjectorConfig)
    except (YamlError, msgspec.ValidationError) as error:
        raise InjectionError(f"injection configuration, key config: {error}") from None


def parse_values(text: str) -> Mapping[str, Any]:
    """The ``values`` key (JSON, or YAML from a file); InjectionError says what does not fit."""
    try:
        values = json.loads(text) if text.lstrip().startswith("{") else document(text)
    except (ValueError, YamlError, RecursionError) as error:
        raise InjectionError(f"injection configuration, key values: {error}") from None
    if not isinstance(values, dict):
        raise InjectionError("injection configuration, key values: expected a map of Helm values")
    return values
