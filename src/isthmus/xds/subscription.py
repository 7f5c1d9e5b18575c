"""One type on one delta stream: what the client wants, what it holds, and what it is due.

Knows names and versions. Does not know other types, nonces or bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import msgspec

from isthmus.model.resource import Resource
from isthmus.xds.budget import size_of
from isthmus.xds.order import NAMED_ONLY, ONE_OR_NONE, TOGETHER
from isthmus.xds.requests import PORTION, WILDCARD, DeltaRequest
from isthmus.xds.resources import ALL, Lookup, Names

Covers = Callable[[str], bool]
"""Whether a resource of this name may be sent at all now."""

Versions = Callable[[Resource], str]
"""The version under which a resource is sent on this stream."""


class Answer(msgspec.Struct, frozen=True):
    """Resources to send, each with its version, and names to remove."""

    changed: tuple[tuple[Resource, str], ...] = ()
    removed: tuple[str, ...] = ()


def outstanding(subscriptions: Iterable[Subscription]) -> bool:
    """Whether any of them may have something to say, or to remove."""
    return any(one._due is None or one._due or one._ahead or one._answer or one.late for one in subscriptions)


class Subscription:
    """The state of one type on one delta stream."""

    def __init__(self, type_url: str, covers: Covers | None = None) -> None:
        self.type_url = type_url
        self._covers = covers
        self._together = type_url in TOGETHER
        self.wildcard = False
        self.names: set[str] = set()  # subscribed by name
        self.held: dict[str, str] = {}  # version of each resource that the client has
        self.late: set[str] = set()  # gone, but still to be removed from the client
        self._due: set[str] | None = set()  # names that may have changed; None: all
        self._ahead: set[str] = set()  # not asked for, but about to be
        self._owed: set[str] = set()  # names asked for: answered even if unchanged or absent
        self._answer = False  # a response is expected even when it is empty

    @property
    def pending(self) -> bool:
        """Whether ``compose`` may have something to say."""
        return self._due is None or bool(self._due) or bool(self._ahead) or self._answer

    @property
    def kept_bytes(self) -> int:
        """What it takes to remember this client's names, about."""
        return size_of(self.names | self._owed) + size_of(self.held)

    @property
    def unanswered(self) -> bool:
        """Whether a response is expected even when it is empty."""
        return self._answer

    def start(self, request: DeltaRequest) -> None:
        """The first request of a type. A client that reconnects tells what it holds and gets the difference."""
        known = request.initial_versions
        asked = {name for name in request.subscribe if name != WILDCARD}
        self.held.update(known)
        self.names = set() if self._together else set(asked)
        self.wildcard = (
            self._together or WILDCARD in request.subscribe or not (request.subscribe or self.type_url in NAMED_ONLY)
        )
        if not self.wildcard:
            self.names.update(known)
        self._due = None if self.wildcard else set(self.names)
        self._owed = asked - known.keys()
        self._answer = not known and self.type_url not in ONE_OR_NONE

    def update(self, request: DeltaRequest) -> None:
        """A later request: names come and go. To name a resource again is to ask for it again."""
        if WILDCARD in request.subscribe:
            self.wildcard, self._due, self._answer = True, None, True
        self._ask({name for name in request.subscribe if name != WILDCARD})
        if WILDCARD in request.unsubscribe:
            self.wildcard = False
            self._forget(self.held.keys() - self.names)
        self._unsubscribe({name for name in request.unsubscribe if name != WILDCARD})

    def _ask(self, names: set[str]) -> None:
        if not self._together:
            self.names |= names
        self._owe(names)

    def _owe(self, names: set[str]) -> None:
        """Names that will be answered, once; of types that come together no more than are answered at once."""
        room = PORTION - len(self._owed)
        self._owed |= set(islice(names, max(0, room))) if self._together else names
        self.mark(names & self._owed)

    def mark(self, names: Names) -> bool:
        """Notes a possible change; whether it concerns this subscription."""
        if names is ALL:
            self._due = None if self.wildcard else set(self.names)
            return self.wildcard or bool(self.names)
        relevant = names if self.wildcard else names & self.names
        if self._due is not None:
            self._due |= relevant
        return bool(relevant)

    def anticipate(self, names: set[str]) -> None:
        """Sends these along although nobody asked yet: the client is about to, and then gets them again."""
        self._ahead |= names
        self.mark(names)

    def compose(self, lookup: Lookup, version_of: Versions) -> Answer | None:
        """What to send now; None for nothing. Whatever it returns counts as held by the client.

        Resources that are gone are only noted in ``late``: when they leave is for the session to say.
        Of many names it looks at a portion: then more is pending.
        """
        expected, self._answer = self._answer, False
        due = self._portion()
        found, absent = self._everything(lookup) if due is None else self._some(due, lookup)
        owed = self._owed.difference(self._due or ())
        self._owed = self._owed - owed
        changed = tuple(
            (resource, version)
            for resource in found.values()
            if self.held.get(resource.name) != (version := version_of(resource)) or resource.name in owed
        )
        self.held.update((resource.name, version) for resource, version in changed)
        if self._ahead:
            changed += self._in_advance(lookup, version_of)
        if self.late or absent:
            self.late = (self.late | absent).difference(found)
        denied = owed.difference(found)
        self._forget(denied)
        if not (changed or denied or expected):
            return None
        return Answer(changed, tuple(sorted(denied)))

    def compose_again(self, names: frozenset[str], lookup: Lookup, version_of: Versions) -> Answer | None:
        """These resources once more, changed or not, and removals of those that are not held; None for nothing.

        What is gone but still held leaves with the others that are late.
        """
        wanted = set(self._covered(names if self.wildcard else names & self.names))
        found = lookup.named(self.type_url, wanted)
        changed = tuple((resource, version_of(resource)) for resource in found.values())
        removed = tuple(sorted(wanted.difference(found, self.held)))
        self.held.update((resource.name, version) for resource, version in changed)
        return Answer(changed, removed) if changed or removed else None

    def withdraw(self) -> tuple[str, ...]:
        """The names to remove from the client, of those that ``compose`` found gone; they count as removed."""
        removed = tuple(sorted(self.late & self.held.keys()))
        self._forget(removed)
        self.late = set()
        return removed

    def _in_advance(self, lookup: Lookup, version_of: Versions) -> tuple[tuple[Resource, str], ...]:
        ahead, self._ahead = self._ahead - self.names, set()
        if self.wildcard or not ahead:
            return ()
        return tuple((resource, version_of(resource)) for resource in lookup.named(self.type_url, ahead).values())

    def _portion(self) -> set[str] | None:
        """Takes the names to look at now from those that are due; None: all, of a wildcard."""
        due, self._due = self._due, set()
        if due is None or len(due) <= PORTION or self._together:
            return due
        portion = set(islice(due, PORTION))
        self._due = due - portion
        return portion

    def _everything(self, lookup: Lookup) -> tuple[Mapping[str, Resource], set[str]]:
        found = lookup.wildcard(self.type_url)
        besides = self.names - found.keys()
        if len(besides) > PORTION:
            self._due = besides
        elif besides:
            found = {**found, **lookup.named(self.type_url, besides)}
        if self._covers is not None:
            found = {name: found[name] for name in self._covered(found)}
        return found, set(self._covered(self.held)).difference(found, self._due or ())

    def _some(self, due: set[str], lookup: Lookup) -> tuple[Mapping[str, Resource], set[str]]:
        due = set(self._covered(due if self.wildcard else due & self.names))
        found = lookup.named(self.type_url, due) if due else {}
        return found, {name for name in due if name not in found and name in self.held}

    def _covered(self, names: Iterable[str]) -> Iterable[str]:
        return names if self._covers is None else filter(self._covers, names)

    def _unsubscribe(self, names: set[str]) -> None:
        self.names -= names
        if self.wildcard:  # the client cannot tell whether the wildcard covers them: it is told
            self._owe(names)
        else:
            self._forget(names)

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self.held.pop(name, None)
            self.late.discard(name)
            if not self.wildcard:
                self._owed.discard(name)
                if self._due is not None:
                    self._due.discard(name)
