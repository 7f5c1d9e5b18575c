"""A capture rule in no particular language: where it stands, what it matches, what it does."""

from __future__ import annotations

from dataclasses import dataclass

NAT, MANGLE, RAW = "nat", "mangle", "raw"
PREROUTING, OUTPUT = "PREROUTING", "OUTPUT"


@dataclass(frozen=True, slots=True)
class Owner:
    """The local process that a packet comes from: ``user`` or ``group``, by number or name."""

    kind: str
    name: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """All conditions must hold; an empty one always does. ``not_`` fields negate their neighbour."""

    protocol: str = ""
    in_interface: str = ""
    out_interface: str = ""
    source: str = ""
    destination: str = ""
    not_destination: bool = False
    source_port: int = 0
    ports: tuple[int, ...] = ()
    not_ports: bool = False
    owner: Owner | None = None
    mark: int = 0
    not_mark: bool = False
    connection_mark: int = 0
    established: bool = False
    invalid: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """A verb (``return``, ``accept``, ``drop``, ``jump``, ``redirect``, ``tproxy``, ``mark``, ``zone``,
    ``save-mark``, ``restore-mark``) with a chain's name or a number."""

    verb: str
    chain: str = ""
    number: int = 0
    mark: int = 0


RETURN, ACCEPT, DROP = Action("return"), Action("accept"), Action("drop")


def jump(chain: str) -> Action:
    """Goes on in another chain and comes back at its end."""
    return Action("jump", chain)


def redirect(port: int) -> Action:
    """Sends the connection to a local port."""
    return Action("redirect", number=port)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``version`` is 4 or 6 when it holds an address of one family, 0 when it fits both.

    ``first`` puts it before the rules that stand in its chain already.
    """

    table: str
    chain: str
    match: Match
    action: Action
    version: int = 0
    first: bool = False
