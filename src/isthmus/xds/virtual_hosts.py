"""Which route configurations a client has taken whose virtual hosts are sent one by one (VHDS).

Envoy acknowledges virtual hosts of a route configuration that it does not have, and forgets them. It subscribes to
all virtual hosts once, however many route configurations ask for them, and a new one gets its listener going only
when something under its name has come. So virtual hosts follow the client's acknowledgement of their route
configuration, and a route configuration without any is told of a removal (measured with Envoy 1.40).

Envoy also goes on naming, on new streams, virtual hosts that went with a route configuration which it dropped. So a
route configuration that may have been there before gets a mark of its own in its version, and so do its virtual
hosts: what has another mark is not held.

Knows names, versions and nonces. Does not know responses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from isthmus.model.resource import PIECEWISE, Resource, is_piecewise


class Parents:
    """The route configurations of one client. ``mark`` has to be another one for each response."""

    def __init__(self) -> None:
        self.mark = ""
        self.returned = False  # the client was connected before
        self._taken: set[str] = set()
        self._sent: dict[str, str] = {}  # name → the newest nonce that it went out with
        self._fresh: set[str] = set()  # taken, but no virtual hosts were composed since
        self._lost: set[str] = set()
        self._marks: dict[str, str] = {}

    @property
    def outstanding(self) -> bool:
        """Whether the client has yet to answer a response with a route configuration that it does not have."""
        return bool(self._sent)

    def covers(self, name: str) -> bool:
        """Whether a virtual host's route configuration was taken: ``80/web.shop:80`` belongs to ``80``."""
        return _table(name) in self._taken

    def resumed(self, known: Mapping[str, str]) -> None:
        """A client that came back holds these route configurations: name → version."""
        found = {name: version.partition(PIECEWISE)[2] for name, version in known.items() if is_piecewise(version)}
        self._taken.update(found)
        self._marks.update(found)

    def lost(self, names: Iterable[str]) -> None:
        """The client dropped these, asked for them anew, or was told that they are gone."""
        for name in names:
            self._lost.add(name)
            self._taken.discard(name)
            self._sent.pop(name, None)

    def version_of_table(self, table: Resource) -> str:
        """The version under which a route configuration is sent."""
        name = table.name
        if not is_piecewise(table.version):
            return table.version
        if (self.returned or name in self._lost) and name not in self._taken and name not in self._sent:
            self._marks[name] = self.mark
        return table.version + self._marks.get(name, "")

    def version_of_host(self, host: Resource) -> str:
        """The version under which a virtual host is sent."""
        return host.version + self._marks.get(_table(host.name), "")

    def sent(self, nonce: str, tables: Iterable[Resource]) -> None:
        """Route configurations went out; one with all of its virtual hosts inside ends the sending one by one."""
        for table in tables:
            if not is_piecewise(table.version):
                self.lost((table.name,))
            elif table.name not in self._taken:
                self._sent[table.name] = nonce

    def answered(self, nonce: str, *, rejected: bool) -> bool:
        """The client took a response, or rejected it; whether it has route configurations now that it had not."""
        names = {name for name, sent in self._sent.items() if sent == nonce} if nonce else set()
        for name in names:
            del self._sent[name]
        if rejected or not names:
            return False
        self._taken |= names
        self._fresh |= names
        return True

    def empty(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Names to remove for route configurations that are new and have none of these virtual hosts."""
        fresh, self._fresh = self._fresh & self._taken, set()
        return tuple(f"{name}/none" for name in sorted(fresh.difference(map(_table, hosts)))) if fresh else ()


def _table(host: str) -> str:
    return host.rpartition("/")[0]
