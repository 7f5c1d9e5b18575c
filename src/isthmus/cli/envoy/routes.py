"""``proxy-config routes``: which request goes to which cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from isthmus.cli.columns import Table
from isthmus.cli.envoy.dump import Json, bare, managed_by, section
from isthmus.cli.envoy.route_words import domain_words, path_words

HEADER = ("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE")
_PASSTHROUGH = "PassthroughCluster"


class RouteFilter(msgspec.Struct, frozen=True):
    """Which route configurations; an empty name matches all."""

    name: str = ""


def routes(dump: Json, wanted: RouteFilter) -> list[dict[str, Any]]:
    """The route configurations of a dump that match, those named by a port first and in its order."""
    part = section(dump, "RoutesConfigDump")
    entries = (*part.get("static_route_configs", ()), *part.get("dynamic_route_configs", ()))
    found = [bare(entry["route_config"]) for entry in entries if "route_config" in entry]
    return sorted((config for config in found if wanted.name in ("", config.get("name", ""))), key=_order)


def table(found: list[dict[str, Any]]) -> Table:
    """One row per route; a virtual host without routes answers 404. What is only passed through is left out."""
    return Table(HEADER, tuple(row for config in found for row in _rows(config)))


def _rows(config: Json) -> Iterator[tuple[str, ...]]:
    name = str(config.get("name", ""))
    for host in config.get("virtual_hosts", ()):
        host_name = host["name"].removeprefix(f"{name}/")  # there if it was sent by itself
        domains = domain_words(host.get("domains", ()))
        for route in host.get("routes", ()):
            if route.get("route", {}).get("cluster") == _PASSTHROUGH:
                continue
            yield name, host_name, domains, path_words(route.get("match", {})), managed_by(route)
        if not host.get("routes"):
            yield name, host_name, domains, "/*", "404"


def _order(config: Json) -> tuple[bool, int, str]:
    name = str(config.get("name", ""))
    return not name.isdigit(), int(name) if name.isdigit() else 0, name
