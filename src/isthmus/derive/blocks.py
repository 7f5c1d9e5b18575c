"""Large resources that hold a piece of every service: pieces gathered by namespace, joined per scope.

A change of one service rebuilds its piece and the block of its namespace; each scope's resource is then joined
from blocks, which is a copy of bytes. Pieces that depend on who asks, or that only some namespaces may see, are
joined one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.plans import GENERAL
from isthmus.derive.views import Scope
from isthmus.derive.visibility import PUBLIC, Visible
from isthmus.model.resource import Resource
from isthmus.translate.encoding import Part

Join = Callable[[Sequence[Part]], Part]
Place = Hashable  # which resource a piece belongs to, and for which kind of client


class Piece(msgspec.Struct, frozen=True):
    """A service's part of a large resource: one form for clients of its own namespace, one for all others."""

    place: Place
    hostname: str
    namespace: str
    to: tuple[str, ...]  # who may see it, as in ``Export``
    own: Part
    other: Part
    scope: Scope = GENERAL  # for whom it was made
    is_service: bool = True
    alone: tuple[Resource, Resource] | None = None  # both forms as resources; None: it is a part of a larger one

    @property
    def name(self) -> str:
        """Of the resource that it is sent as; empty where it is joined with others."""
        return self.alone[0].name if self.alone else ""

    def form(self, client: str) -> Part:
        """The form for clients of a namespace."""
        return self.own if client == self.namespace else self.other

    def seen(self, client: str, visible: Visible) -> bool:
        """Whether clients of a namespace see it."""
        if self.is_service and not visible.public_too:
            return self.hostname in visible.hosts
        exported = PUBLIC in self.to or client in self.to
        return exported and visible.imports(client, self.namespace, self.hostname)


class Block(msgspec.Struct, frozen=True):
    """The pieces of one namespace: all of them for itself, the public ones for others."""

    place: Place
    namespace: str
    own: Part
    public: Part


class Pieces(msgspec.Struct, frozen=True):
    """Declared pieces, with all ways to find them."""

    blocks: Index[Place, Any, Block]
    granted: Index[tuple[Place, str], Any, Piece]  # general pieces shown to single namespaces by name
    special: Index[tuple[Place, Scope], Any, Piece]
    general: Index[Place, Any, Piece]
    by_namespace: Index[tuple[Place, str], Any, Piece]  # general ones
    join: Join

    def parts(self, ctx: Context, place: Place, scope: Scope, visible: Visible) -> Iterable[Part]:
        """What a scope's resource consists of."""
        client = scope.namespace
        single = list(ctx.select(self.special, (place, scope)))
        if visible.public_too:
            for block in ctx.select(self.blocks, place):
                yield block.own if block.namespace == client else block.public
            single += ctx.select(self.granted, (place, client))
        else:
            single += self._general(ctx, place, visible.namespaces(client))
        if found := [piece.form(client) for piece in single if piece.seen(client, visible)]:
            yield self.join(found)

    def _general(self, ctx: Context, place: Place, namespaces: tuple[str, ...] | None) -> Sequence[Piece]:
        """Those of some namespaces, or all; ordered by hostname."""
        if namespaces is None:
            return ctx.select(self.general, place)
        found = (piece for name in namespaces for piece in ctx.select(self.by_namespace, (place, name)))
        return sorted(found, key=lambda piece: piece.hostname)


def declare(graph: Graph, name: str, pieces: Collection[Any, Piece], join: Join) -> Pieces:
    """Declares blocks over pieces; ``join`` makes one part of several."""

    def block(_: Context, key: tuple[Place, str], rows: tuple[Piece, ...]) -> Mapping[tuple[Place, str], Block]:
        place, namespace = key
        own = [row.own for row in rows if PUBLIC in row.to or namespace in row.to]
        public = [row.other for row in rows if PUBLIC in row.to]
        return {key: Block(place, namespace, join(own), join(public))}

    def index(name: str, values: Callable[[Piece], Iterable[Any]]) -> Index[Any, Any, Piece]:
        return pieces.index(name, lambda row: () if row.alone else values(row))

    by_block = index("block", lambda row: [(row.place, row.namespace)] if row.scope == GENERAL else ())
    blocks = graph.group(f"blocks of {name}", by_block, block)
    return Pieces(
        blocks=blocks.index("place", lambda row: (row.place,)),
        granted=index("granted", lambda row: [(row.place, client) for client in _granted(row)]),
        special=index("special", lambda row: [(row.place, row.scope)] if row.scope != GENERAL else ()),
        general=index("general", lambda row: [row.place] if row.scope == GENERAL else ()),
        by_namespace=by_block,
        join=join,
    )


def _granted(piece: Piece) -> Iterable[str]:
    return [client for client in piece.to if client not in (PUBLIC, piece.namespace)] if piece.scope == GENERAL else ()
