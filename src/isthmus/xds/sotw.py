"""The state-of-the-world variant of ADS, without I/O: requests and changes in, responses out.

Knows names, nonces and the order of types. Does not know proxies, time or sockets.
Rules: Envoy's xDS protocol documentation, "Four variants" and "ACK/NACK"; where it leaves a choice, Istio's.

Clusters, listeners and types of which all is wanted are always sent whole: what is not in a response is gone.
Endpoints, routes, secrets and extensions may be sent in part; what is gone cannot be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b

from isthmus.model.resource import Resource
from isthmus.rpc.message import frame
from isthmus.rpc.refusal import Code, Refused
from isthmus.xds import wire
from isthmus.xds.budget import Budget, size_of
from isthmus.xds.order import CLUSTER, DEBUG, ENDPOINT, NAMED_ONLY, ONE_OR_NONE, rank
from isthmus.xds.requests import WILDCARD, Limits, SotwRequest
from isthmus.xds.resources import ALL, Lookup, Names
from isthmus.xds.responses import Origin
from isthmus.xds.session import Ledger, Message, Moment, Receipt


class Watch:
    """The state of one type on one state-of-the-world stream."""

    def __init__(self, type_url: str) -> None:
        self.type_url = type_url
        self.names: frozenset[str] = frozenset()
        self.wildcard = False
        self.shown: dict[str, Resource] = {}  # what the client has, as far as it can be known
        self.due: set[str] | None = set()  # names that may have changed; None: all
        self.owed = False  # a response is expected even when nothing changed
        self.ledger = Ledger()

    @property
    def partial(self) -> bool:
        """Whether a response may leave out what did not change."""
        return self.type_url in NAMED_ONLY

    @property
    def pending(self) -> bool:
        """Whether there may be something to send."""
        return self.due is None or bool(self.due) or self.owed

    def ask(self, names: frozenset[str]) -> None:
        """The names of a request; new ones are answered, and for a type that is sent whole any change is."""
        added = names - self.names
        self.wildcard = WILDCARD in names or not (names or self.partial)
        changed, self.names = names != self.names, names
        self.shown = {name: shown for name, shown in self.shown.items() if self.wildcard or name in names}
        if added or (changed and not self.partial):
            self.owed = True
            self.mark(added if self.partial and self.due is not None else ALL)

    def mark(self, names: Names) -> bool:
        """Notes a possible change; whether it concerns this watch."""
        if names is ALL:
            self.due = None
            return self.wildcard or bool(self.names)
        relevant = names if self.wildcard else names & self.names
        if self.due is not None:
            self.due |= relevant
        return bool(relevant)

    def find(self, lookup: Lookup) -> Mapping[str, Resource]:
        """The newest of what may have changed, or of everything when the type is sent whole."""
        due, self.due = self.due, set()
        if self.partial and due is not None and not self.wildcard:
            return lookup.named(self.type_url, due)
        if not self.wildcard:
            return lookup.named(self.type_url, self.names) if self.names else {}
        return lookup.wildcard(self.type_url)


class SotwSession:
    """One state-of-the-world stream."""

    def __init__(self, limits: Limits, origin: Origin | None = None) -> None:
        self._limits = limits
        self._origin = origin or Origin()
        self._count = 0
        self._budget = Budget(limits.kept_bytes)
        self._watches: dict[str, Watch] = {}  # in push order
        self._stale_clusters = False  # removed ones were kept in the last response

    @property
    def ledgers(self) -> Mapping[str, Ledger]:
        """By type URL."""
        return {type_url: watch.ledger for type_url, watch in self._watches.items()}

    @property
    def pending(self) -> bool:
        """Whether ``next`` may have something to send."""
        return self._stale_clusters or any(watch.pending for watch in self._watches.values())

    def receive(self, request: SotwRequest) -> Receipt:
        """Takes one request; what it makes necessary comes from ``next``. ``Refused`` beyond the limits."""
        receipt = self._receive(request)
        self._budget.take(request.size, lambda: sum(size_of(watch.names) for watch in self._watches.values()))
        return receipt

    def _receive(self, request: SotwRequest) -> Receipt:
        watch = self._watches.get(request.type_url)
        if watch is None:
            watch = self._open(request.type_url)
            return _begin(watch, request)
        if request.error is not None:
            return watch.ledger.settle(request.nonce, request.error)
        if not request.nonce:  # starts over, as Istio has it
            return _begin(watch, request)
        receipt = watch.ledger.settle(request.nonce, None)
        if receipt is Receipt.ACK:
            watch.ask(frozenset(request.names))
        return receipt

    def mark(self, changes: Mapping[str, Names]) -> bool:
        """Notes that resources may have changed; whether this stream may want any of them."""
        relevant = False
        for type_url, names in changes.items():
            watch = self._watches.get(type_url)
            if watch is not None and watch.mark(names):
                relevant = True
        return relevant

    def next(self, lookup: Lookup, moment: Moment) -> Message | None:
        """The next response to send, from the newest state; None when the client has all that it wants."""
        for type_url, watch in self._watches.items():
            if watch.pending:
                resources = self._changed(watch, lookup)
                if resources is not None:
                    return self._message(type_url, watch, resources, moment)
        if self._stale_clusters and not self._watches[CLUSTER].ledger.waiting:
            self._stale_clusters = False
            clusters = self._watches[CLUSTER]
            clusters.due = None
            clusters.shown = dict(clusters.find(lookup))
            return self._message(CLUSTER, clusters, clusters.shown, moment)
        return None

    def _open(self, type_url: str) -> Watch:
        if len(self._watches) >= self._limits.types:
            raise Refused(Code.RESOURCE_EXHAUSTED, f"more than {self._limits.types} types on one stream")
        self._watches[type_url] = Watch(type_url)
        self._watches = dict(sorted(self._watches.items(), key=lambda item: rank(item[0])))
        return self._watches[type_url]

    def _changed(self, watch: Watch, lookup: Lookup) -> Mapping[str, Resource] | None:
        """What to send of this type: all or part of it, or None when the client has it already."""
        owed, watch.owed = watch.owed, False
        found = watch.find(lookup)
        differing = {name: resource for name, resource in found.items() if _differs(watch.shown.get(name), resource)}
        if watch.type_url == CLUSTER:
            self._warm(set(differing))
        if watch.partial:
            watch.shown.update(found)
            return found if owed else differing or None
        gone = {name: shown for name, shown in watch.shown.items() if name not in found}
        if not (owed or differing or gone):
            return None
        if watch.type_url == CLUSTER and gone:
            self._stale_clusters = True
            if not (owed or differing):
                return None
            found = {**gone, **found}
        watch.shown = dict(found)
        return found

    def _warm(self, clusters: set[str]) -> None:
        """Envoy holds a changed cluster back until it gets endpoints: they count as unknown to it."""
        endpoints = self._watches.get(ENDPOINT)
        if endpoints is not None and endpoints.mark(clusters):
            for name in clusters:
                endpoints.shown.pop(name, None)

    def _message(self, type_url: str, watch: Watch, resources: Mapping[str, Resource], moment: Moment) -> Message:
        self._count += 1
        nonce = f"{self._origin.prefix}{self._count:x}"
        watch.ledger.send(nonce, moment)
        trailer = self._origin.trailer if type_url.startswith(DEBUG) else b""
        body = wire.sotw_response((type_url, nonce, _version(resources)), _entries(resources), trailer)
        return Message(type_url, nonce, frame(body), len(resources))


def _begin(watch: Watch, request: SotwRequest) -> Receipt:
    watch.names, watch.shown = frozenset(), {}
    watch.ask(frozenset(request.names))
    watch.owed = (bool(request.names) or watch.wildcard) and watch.type_url not in ONE_OR_NONE
    watch.due = None
    return Receipt.SUBSCRIBE


def _differs(shown: Resource | None, resource: Resource) -> bool:
    return shown is None or shown.version != resource.version


def _entries(resources: Mapping[str, Resource]) -> Iterator[bytes]:
    for resource in resources.values():
        yield wire.sotw_head(resource.type_url, len(resource.body))
        yield resource.body


def _version(resources: Mapping[str, Resource]) -> str:
    """A version of the response that depends on its content only."""
    digest = blake2b(digest_size=8)
    for name in sorted(resources):
        digest.update(f"{name}\0{resources[name].version}\0".encode())
    return digest.hexdigest()
