"""From what the user asked for to the objects of every component.

Knows the whole way without a cluster: settle, render, customize. Nothing is changed here, so every mistake of
the user's surfaces before the first write.
"""

from __future__ import annotations

import msgspec

from isthmus.install.chart import load
from isthmus.install.chart_objects import RELEASE_NAME, Release
from isthmus.install.components import Component, chart_directory, components
from isthmus.install.k8s_settings import customized
from isthmus.install.known_values import unused
from isthmus.install.manifests import Owner, ordered
from isthmus.install.merge_order import Installation, Request, settle
from isthmus.install.render import Object, objects


class Part(msgspec.Struct, frozen=True):
    """A component and its objects; none when it is disabled."""

    component: Component
    objects: tuple[Object, ...]


class Plan(msgspec.Struct, frozen=True):
    """Everything that an installation consists of, and what the user should know about the request."""

    installation: Installation
    parts: tuple[Part, ...]
    warnings: tuple[str, ...]

    @property
    def owner(self) -> Owner:
        """Whose objects these are."""
        return Owner(self.installation.name, self.installation.namespace, self.installation.revision)

    @property
    def objects(self) -> list[Object]:
        """All objects, in the order of application."""
        return [found for part in self.parts for found in part.objects]


def plan(request: Request) -> Plan:
    """Settle and render a request. Raises InstallError naming file, field or template."""
    installation = settle(request)
    parts = tuple(Part(each, _objects(installation, each)) for each in components(installation))
    return Plan(installation, parts, _warnings(installation))


def _objects(installation: Installation, component: Component) -> tuple[Object, ...]:
    if not component.enabled:
        return ()
    chart = load(chart_directory(installation.charts, component))
    rendered = objects(chart, component.values, Release(RELEASE_NAME, component.namespace))
    return tuple(ordered(customized(component, rendered)))


def _warnings(installation: Installation) -> tuple[str, ...]:
    found = unused(installation.charts, installation.asked)
    if installation.components.get("istiodRemote"):
        found += ("spec.components.istiodRemote has no effect; a remote cluster uses profile: remote",)
    return found
