"""The incremental variant of ADS, without I/O: requests and changes in, responses out.

Knows what one client subscribed to, the order of types, and nonces. Does not know proxies, time or sockets.
Rules: Envoy's xDS protocol documentation, "Incremental xDS"; where it leaves a choice, Istio's.

Changes are a set of names per type, never a queue of responses: whatever happened since the last response, the next
one is composed from the newest state. So a slow client costs a bounded amount and skips what is out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from sys import intern

from isthmus.model.resource import Resource
from isthmus.rpc.refusal import Code, Refused
from isthmus.xds.budget import Budget
from isthmus.xds.halving import Halving
from isthmus.xds.order import CLUSTER, DEBUG, ENDPOINT, MAKE_BEFORE_BREAK, ROUTE, VIRTUAL_HOST, rank
from isthmus.xds.requests import DeltaRequest, Limits
from isthmus.xds.resources import ALL, Lookup, Names
from isthmus.xds.responses import Content, Origin
from isthmus.xds.session import Ledger, Message, Moment, Receipt
from isthmus.xds.subscription import Answer, Subscription, Versions, outstanding
from isthmus.xds.virtual_hosts import Parents

_JOINED = 4096  # versions of endpoints that are remembered, each for many streams


class DeltaSession:
    """One delta stream."""

    def __init__(self, limits: Limits, origin: Origin | None = None) -> None:
        self._limits = limits
        self._origin = origin or Origin()
        self._number = 0  # of the last response
        self._subscriptions: dict[str, Subscription] = {}  # in push order
        self._ledgers: dict[str, Ledger] = {}
        self._halving = Halving()
        self._budget = Budget(limits.kept_bytes)
        self._parents = Parents()
        self._special_versions: Mapping[str, Versions] = {
            ENDPOINT: self._endpoint_version,
            ROUTE: self._parents.version_of_table,
            VIRTUAL_HOST: self._parents.version_of_host,
        }
        self._cold: set[str] = set()  # clusters sent before the client asked for any endpoints

    @property
    def ledgers(self) -> Mapping[str, Ledger]:
        """By type URL."""
        return self._ledgers

    @property
    def pending(self) -> bool:
        """Whether ``next`` may have something to send."""
        return outstanding(self._subscriptions.values()) or self._halving.pending

    def receive(self, request: DeltaRequest) -> Receipt:
        """Takes one request; what it makes necessary comes from ``next``. ``Refused`` beyond the limits."""
        receipt = self._receive(request)
        self._budget.take(request.size, lambda: sum(one.kept_bytes for one in self._subscriptions.values()))
        return receipt

    def _receive(self, request: DeltaRequest) -> Receipt:
        subscription = self._subscriptions.get(request.type_url)
        if subscription is None:
            self._open(request)
            return Receipt.SUBSCRIBE
        if request.subscribe or request.unsubscribe:
            subscription.update(request)
            if request.type_url == ROUTE:
                self._parents.lost((*request.subscribe, *request.unsubscribe))
        if len(subscription.names) > self._limits.names:
            raise Refused(Code.RESOURCE_EXHAUSTED, f"more than {self._limits.names} names of {request.type_url}")
        if not request.nonce and request.error is None:
            return Receipt.SUBSCRIBE
        self._answered(request.nonce, rejected=request.error is not None)
        return self._ledgers[request.type_url].settle(request.nonce, request.error)

    def mark(self, changes: Mapping[str, Names]) -> bool:
        """Notes that resources may have changed; whether this stream may want any of them."""
        relevant = False
        for type_url, names in changes.items():
            subscription = self._subscriptions.get(type_url)
            if subscription is not None and subscription.mark(names):
                relevant = True
        return relevant

    def next(self, lookup: Lookup, moment: Moment) -> Message | None:
        """The next response to send, from the newest state; None when the client has all that it wants.

        Additions and changes go in push order. What is gone leaves after that, when listeners and routes have
        stopped naming it, and when the client has answered the last response with clusters: Envoy does so once
        the new ones are warm, and after it has asked for listeners and routes on a new stream.
        """
        self._parents.mark = f".{int(moment.now):x}-{self._origin.prefix}{self._number:x}"
        for type_url, subscription in self._subscriptions.items():
            while subscription.pending and not self._too_early(subscription):
                answer = self._answer(type_url, subscription, lookup)
                if answer is not None:
                    return self._message(type_url, answer, moment)
                if subscription.held:
                    self._ledgers[type_url].confirm(moment)
        return self._half(lookup, moment) or self._farewell(moment)

    def _too_early(self, subscription: Subscription) -> bool:
        """Whether an empty answer would have Envoy use route configurations whose virtual hosts are still to come."""
        if subscription.type_url != VIRTUAL_HOST or not subscription.unanswered:
            return False
        return self._parents.outstanding or self._halving.pending

    def _answered(self, nonce: str, *, rejected: bool) -> None:
        self._halving.answered(nonce, rejected=rejected)
        if self._parents.answered(nonce, rejected=rejected):
            self.mark({VIRTUAL_HOST: ALL})

    def _half(self, lookup: Lookup, moment: Moment) -> Message | None:
        while (again := self._halving.take()) is not None:
            type_url, names = again
            version_of = self._versions(type_url)
            answer = self._subscriptions[type_url].compose_again(names, lookup, version_of)
            if answer is not None:
                return self._message(type_url, answer, moment)
        return None

    def _farewell(self, moment: Moment) -> Message | None:
        clusters = self._subscriptions.get(CLUSTER)
        if clusters is not None and clusters.late and self._ledgers[CLUSTER].waiting:
            unasked = not self._ledgers[CLUSTER].sent
            return self._message(CLUSTER, Answer(), moment) if unasked else None
        for type_url in MAKE_BEFORE_BREAK:
            subscription = self._subscriptions.get(type_url)
            if subscription is not None and (removed := subscription.withdraw()):
                return self._message(type_url, Answer(removed=removed), moment)
        return None

    def _open(self, request: DeltaRequest) -> None:
        if len(self._subscriptions) >= self._limits.types:
            raise Refused(Code.RESOURCE_EXHAUSTED, f"more than {self._limits.types} types on one stream")
        covers = self._parents.covers if request.type_url == VIRTUAL_HOST else None
        subscription = Subscription(request.type_url, covers)
        subscription.start(request)
        self._subscriptions[request.type_url] = subscription
        self._subscriptions = dict(sorted(self._subscriptions.items(), key=lambda item: rank(item[0])))
        self._ledgers[request.type_url] = Ledger()
        self._parents.returned |= bool(request.initial_versions)
        if request.type_url == ROUTE:
            self._parents.resumed(request.initial_versions)
            self.mark({VIRTUAL_HOST: ALL})
        if request.type_url == ENDPOINT:
            subscription.anticipate(self._cold)
            self._cold = set()

    def _answer(self, type_url: str, subscription: Subscription, lookup: Lookup) -> Answer | None:
        answer = subscription.compose(lookup, self._versions(type_url))
        if type_url == CLUSTER and answer is not None:
            self._warm(answer)
        if type_url in MAKE_BEFORE_BREAK:
            return answer
        gone = subscription.withdraw() if subscription.late else ()
        if type_url == VIRTUAL_HOST:
            gone += self._parents.empty(resource.name for resource, _ in (answer.changed if answer else ()))
        return _with_removals(answer, gone) if gone else answer

    def _versions(self, type_url: str) -> Versions:
        return self._special_versions.get(type_url, _content_version)

    def _endpoint_version(self, endpoints: Resource) -> str:
        """Endpoints' content and the version of the cluster they were sent for.

        Envoy holds a changed cluster back until it gets endpoints for it, even if they did not change, and does
        not ask for them (envoyproxy/envoy#13009). With the cluster's version in theirs they count as changed
        with it: within a stream, and also when the stream broke between the two responses.
        """
        clusters = self._subscriptions.get(CLUSTER)
        held = clusters.held.get(endpoints.name) if clusters is not None else None
        return _joined(endpoints.version, held) if held else endpoints.version

    def _warm(self, clusters: Answer) -> None:
        """Lets endpoints follow their clusters at once, so that those are warm when routes to them arrive."""
        self._cold.update(resource.name for resource, _ in clusters.changed)
        endpoints = self._subscriptions.get(ENDPOINT)
        if endpoints is not None:
            endpoints.anticipate(self._cold)
            self._cold = set()

    def _message(self, type_url: str, answer: Answer, moment: Moment) -> Message:
        trailer = self._origin.trailer if type_url.startswith(DEBUG) else b""
        response = self._origin.responses.compose(Content(type_url, moment.version, answer, trailer), self._number)
        self._number = response.number
        self._ledgers[type_url].send(response.nonce, moment)
        if type_url == ROUTE:
            self._parents.lost(answer.removed)
            self._parents.sent(response.nonce, (resource for resource, _ in answer.changed))
        if answer.changed or type_url == VIRTUAL_HOST:
            names = [*(resource.name for resource, _ in answer.changed), *answer.removed]
            self._halving.sent(response.nonce, type_url, names)
        return Message(type_url, response.nonce, response.framed, len(answer.changed), len(answer.removed))


@lru_cache(_JOINED)
def _joined(endpoints: str, cluster: str) -> str:
    return intern(f"{endpoints}.{cluster}")


def _content_version(resource: Resource) -> str:
    return resource.version


def _with_removals(answer: Answer | None, removed: tuple[str, ...]) -> Answer:
    return Answer(answer.changed, (*answer.removed, *removed)) if answer else Answer(removed=removed)
