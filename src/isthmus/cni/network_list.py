"""CNI configurations as text: with the plug-in in the chain, and without it.

Knows: network lists and single configurations (CNI specification 1.1). Does no I/O.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from isthmus.cni.settings import PLUGIN

VERSIONS = ("0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")
"""Versions in which plug-ins can be chained."""

Entry = Mapping[str, Any]


class ConfigurationError(ValueError):
    """A text that cannot be extended; the message says why."""


def entry(socket: str, excluded: tuple[str, ...]) -> Entry:
    """The plug-in's own part of a configuration."""
    return {"type": PLUGIN, "agentSocket": socket, "excludeNamespaces": list(excluded)}


def chained(text: str, own: Entry) -> str:
    """A network list whose last plug-in is ours; a single configuration becomes a list."""
    network = parse(text)
    plugins = [plugin for plugin in network["plugins"] if plugin["type"] != PLUGIN]
    if not plugins:
        raise ConfigurationError("there is no plug-in to follow")
    return _text({**network, "plugins": [*plugins, own]})


def unchained(text: str) -> str:
    """The same list without our plug-in."""
    network = parse(text)
    return _text({**network, "plugins": [plugin for plugin in network["plugins"] if plugin["type"] != PLUGIN]})


def alone(own: Entry) -> str:
    """A configuration of our plug-in only, for those who name it themselves."""
    return _text({"cniVersion": "1.0.0", "name": PLUGIN, **own})


def contains(text: str) -> bool:
    """Whether our plug-in is in a configuration; no for a text that is none."""
    try:
        return any(plugin["type"] == PLUGIN for plugin in parse(text)["plugins"])
    except ConfigurationError:
        return False


def same(one: str, other: str) -> bool:
    """Whether two configurations mean the same list."""
    return parse(one) == parse(other)


def parse(text: str) -> dict[str, Any]:
    """The configuration as a list. ConfigurationError says what is missing."""
    try:
        network = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"no JSON: {error}") from None
    if not isinstance(network, dict):
        raise ConfigurationError("expected an object")
    version = network.get("cniVersion")
    if version not in VERSIONS:
        raise ConfigurationError(f"cniVersion is {version!r}; plug-ins can be chained in {', '.join(VERSIONS)}")
    if "plugins" not in network:
        single = {key: value for key, value in network.items() if key not in ("cniVersion", "name")}
        network = {"cniVersion": version, "name": network.get("name"), "plugins": [single]}
    _check(network)
    return network


def _check(network: dict[str, Any]) -> None:
    if not isinstance(network.get("name"), str):
        raise ConfigurationError("the network has no name")
    plugins = network["plugins"]
    if not isinstance(plugins, list) or not plugins:
        raise ConfigurationError("plugins is no list, or an empty one")
    if not all(isinstance(plugin, dict) and isinstance(plugin.get("type"), str) for plugin in plugins):
        raise ConfigurationError("a plug-in has no type")


def _text(network: Mapping[str, Any]) -> str:
    return json.dumps(network, indent=2) + "\n"
