"""Virtual hosts as resources of their own, for proxies that take them one by one (VHDS).

A change of one service or VirtualService is then one small resource; route configurations stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from isthmus.collections import Collection, Index
from isthmus.derive.blocks import Piece
from isthmus.derive.plans import GENERAL
from isthmus.derive.views import Audience
from isthmus.derive.virtual_hosts import HostKey, VirtualHosts
from isthmus.derive.visibility import Visibility, Visible
from isthmus.model.resource import Resource
from isthmus.translate import names
from isthmus.translate.encoding import Bundle
from isthmus.translate.views import RouteView


class SingleHosts(msgspec.Struct, frozen=True):
    """The virtual hosts that are sent one by one, with all ways to find them."""

    rows: tuple[Collection[HostKey, Piece], Collection[HostKey, Piece]]  # of services, of others
    by_view: tuple[Index[RouteView, HostKey, Piece], Index[RouteView, HostKey, Piece]]
    visibility: Visibility

    def all(self, audience: Audience) -> Bundle:
        """Everything that an audience gets, by name."""
        visible = self._visible(audience)
        if visible is None:
            return {}
        rows = (row for index in self.by_view for row in index.rows(audience.routes))
        found = (_resource(row, audience) for row in rows if _gets(audience, row, visible))
        return {resource.name: resource for resource in found if resource}

    def one(self, audience: Audience, name: str) -> Resource | None:
        """One by its name; None when the audience has none of this name."""
        visible, place = self._visible(audience), names.place_of_virtual_host(name)
        if visible is None or place is None or not audience.routes.piecewise:
            return None
        for rows in self.rows:
            for scope in (GENERAL, audience.scope):
                row = rows.get(HostKey(*place, audience.routes, scope))
                if row is not None and _gets(audience, row, visible):
                    return _resource(row, audience)
        return None

    def names_of_others(self, audience: Audience) -> Iterable[str]:
        """The names of those that are no services', whether or not the audience sees them."""
        return (row.name for row in self.by_view[1].rows(audience.routes))

    def _visible(self, audience: Audience) -> Visible | None:
        return self.visibility.scopes.get(audience.scope) if audience.sidecar else None


def indexed(hosts: VirtualHosts, visibility: Visibility) -> SingleHosts:
    """Declares the indexes."""
    services, others = (
        rows.index("sent alone", lambda row: [_view(row)] if row.alone else ())
        for rows in (hosts.services, hosts.others)
    )
    return SingleHosts((hosts.services, hosts.others), (services, others), visibility)


def _view(row: Piece) -> RouteView:
    _port, view = cast("tuple[int, RouteView]", row.place)
    return view


def _gets(audience: Audience, row: Piece, visible: Visible) -> bool:
    return row.scope in (GENERAL, audience.scope) and row.seen(audience.scope.namespace, visible)


def _resource(row: Piece, audience: Audience) -> Resource | None:
    """The same object for all that get it: responses are shared by that."""
    return row.alone and row.alone[0 if audience.scope.namespace == row.namespace else 1]
