"""One ADS stream of either variant: requests in, responses out, until either side ends it.

Knows the order of a stream's life: first request, identity, subscriptions, responses, end. Does not know what is
sent (``Lookup``), in which form (``Session``), nor other streams (``connections``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from isthmus.model.identity import Caller
from isthmus.rpc import framing
from isthmus.rpc.pace import Pacer
from isthmus.rpc.refusal import Code, Refused
from isthmus.xds.auth import check_identity
from isthmus.xds.complaints import Complaints
from isthmus.xds.hub import Hub
from isthmus.xds.node import Node, parse_node
from isthmus.xds.order import DEBUG, HEALTH, short
from isthmus.xds.requests import LONGEST_ACKNOWLEDGEMENT, DeltaRequest
from isthmus.xds.resources import Names, Subscriber
from isthmus.xds.responses import Origin
from isthmus.xds.session import Ledger, Message, Receipt
from isthmus.xds.variants import Variant
from isthmus.xds.view import View

log = structlog.get_logger(__name__)

_UNIT_BYTES = 4096


@dataclass(slots=True)
class _Rest:
    """A response that is being sent: when that began, and how many bytes are sent."""

    message: Message
    start: float
    sent: int


class AdsStream:
    """``raw`` is the grpclib stream; ``caller`` is None where nobody authenticates (plaintext port)."""

    def __init__(self, hub: Hub, variant: Variant, raw: Any, caller: Caller | None) -> None:
        self.hub = hub
        self.caller = caller
        self.node: Node | None = None
        self.connected_at = time.time()
        self.number = hub.next_number()
        self.over = asyncio.Event()  # set when nothing more will be sent
        self._raw = raw
        self._variant = variant
        origin = Origin(f"{self.number:x}-", variant.trailer(hub.debug.identifier), hub.responses)
        self._session = variant.new_session(hub.settings.limits, origin)
        self._view = View(hub.source, hub.debug, caller)
        self._due = asyncio.Event()
        self._since: float | None = None  # when the oldest unsent change came
        self._ending = False
        self._soon = False  # woken in the next turn of the event loop
        self._rest: _Rest | None = None
        self._fault: Exception | None = None
        self._version: str | None = None  # under which it is counted
        self._pacer = Pacer(hub.settings.work, time.monotonic())
        self._awaited = 0  # acknowledgements of responses that were sent: as many cost nothing
        self._complaints = Complaints(hub.settings.rejections)

    @property
    def id(self) -> str:
        """Connection id as in Istio: ``<pod>.<namespace>-<number>``."""
        return f"{self.node.id if self.node else '?'}-{self.number}"

    @property
    def address(self) -> str:
        """Of the client."""
        peer = self._raw.peer.addr()
        return f"{peer[0]}:{peer[1]}" if peer else ""

    @property
    def cluster(self) -> str:
        """The cluster that the proxy runs in, as far as that is known; else the one that it names."""
        return self._view.cluster or (self.node.details.cluster_id if self.node else "")

    @property
    def ledgers(self) -> Mapping[str, Ledger]:
        """What was sent and answered, by type URL."""
        return self._session.ledgers

    @property
    def pending(self) -> bool:
        """Whether there may be something that the client has not been sent."""
        return self._session.pending

    async def run(self, age: float | None) -> None:
        """Serves until the client ends the stream, or for ``age`` seconds; ``Refused`` when it has to end."""
        reader, sender = asyncio.create_task(self._read()), asyncio.create_task(self._send())
        tasks = (reader, sender)
        try:
            done, _ = await asyncio.wait(tasks, timeout=age, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                self.end()
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.over.set()
        for task in done:
            task.result()

    def touch(self, changes: Mapping[str, Names]) -> bool:
        """Notes changes; whether the stream has to be woken."""
        if not self._session.mark(changes):
            return False
        if self._since is None:
            self._since = time.monotonic()
        return self._rest is None

    def wake(self) -> None:
        """Sends the next response.

        One in a turn of the event loop: a client with an open window would hold it until it has all.
        """
        self._soon = False
        if (message := self.compose()) is not None:
            self.send(message)

    def compose(self) -> Message | None:
        """The next response, which has to be sent in the same turn of the event loop."""
        if self._ending or self._rest is not None:
            return None
        try:
            message = self._session.next(self._view, self.hub.moment())
            if message is None:
                self._converged()
        except Exception as error:
            self._fail(error)
            return None
        return message

    def send(self, message: Message) -> None:
        """Sends a response as far as the client takes it at once; the sender waits with the rest."""
        try:
            if not self._put(message):
                return
            if self._session.pending:
                self._wake_soon()
            else:
                self._converged()
        except Exception as error:
            self._fail(error)

    def end(self) -> None:
        """Ends the stream after the response that is being sent; the client reconnects elsewhere or anew."""
        if not self._ending:
            self._ending = True
            framing.go_away(self._raw)
            self._due.set()

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self.hub.settings.first_request):
                data = await self._next_request()
        except TimeoutError:
            raise Refused(Code.DEADLINE_EXCEEDED, "no request came") from None
        limits = self.hub.settings.limits
        while data is not None:
            free = self._awaited and self._acknowledgement(data) is not None and self._is_awaited()
            wait = 0.0 if free else self._pacer.spend(_units(data), time.monotonic())
            request = self._variant.parse(data, limits)
            if self.node is None:
                self._introduce(request.node)
            if not self._view.opened and not request.type_url.startswith(DEBUG):
                wait = max(wait, self._wait_of_return())
            await asyncio.sleep(wait)  # also when it is 0: many requests may have come together
            self._take(request)
            data = await self._next_request()

    async def _next_request(self) -> bytes | None:
        settings = self.hub.settings
        return await framing.read(
            self._raw, settings.limits.message_bytes, settings.read_timeout, self._take_acknowledgement
        )

    def _take_acknowledgement(self, data: bytes) -> bool:
        """Takes a plain acknowledgement where it is read; anything else is for the reader."""
        if not self._view.opened:
            return False
        try:
            request = self._acknowledgement(data)
            if request is None:
                return False
            if not self._is_awaited() and not self._pacer.affords(_units(data), time.monotonic()):
                return False
            self._take(request)
        except Exception as error:
            self._fail(error)
        return True

    def _acknowledgement(self, data: bytes) -> DeltaRequest | None:
        """The request, if all that it says is that a response was taken."""
        read = self._variant.acknowledgement
        return None if read is None or len(data) > LONGEST_ACKNOWLEDGEMENT else read(data)

    def _is_awaited(self) -> bool:
        """Whether this many acknowledgements are due: the server set their pace itself."""
        if not self._awaited:
            return False
        self._awaited -= 1
        return True

    def _wait_of_return(self) -> float:
        """Seconds before this stream is served, as its proxy has had several just now."""
        key = (self.address.rpartition(":")[0], self.node and self.node.id)
        wait = self.hub.returns.spend(key, self.hub.settings.first_request, time.monotonic())
        if wait is None:
            raise Refused(Code.RESOURCE_EXHAUSTED, "this proxy opens streams too often, try again later")
        return wait

    def _take(self, request: Any) -> None:
        if request.type_url == HEALTH:  # from agents of machines outside Kubernetes; wants no answer
            return
        if not request.type_url.startswith(DEBUG) and not self._view.opened:
            self._open()
        if isinstance(request, DeltaRequest) and request.initial_versions and self._view.opened:
            self._view.resume(request.type_url, request.initial_versions)
        receipt = self._session.receive(request)
        self._note(receipt, request)
        if self._session.pending:
            self._wake_soon()

    def _introduce(self, message: Any) -> None:
        if message is None:
            raise Refused(Code.INVALID_ARGUMENT, "missing node information: the first request must carry node.id")
        node = msgspec.structs.replace(parse_node(message), incremental=self._variant.incremental)
        if self.caller is not None and self.hub.settings.identity_check:
            check_identity(node, self.caller)
        self.node = node

    def _open(self) -> None:
        assert self.node is not None
        subscriber = self._view.open(self.node)
        self.hub.connections.add(self, subscriber)
        if self.node.is_proxy:
            self._version = self.hub.metrics.came(self.node.details.istio_version)
        log.info("proxy connected", proxy=self.id, address=self.address, variant=self._variant.name)

    def _close(self) -> None:
        self._ending = True
        subscriber: Subscriber | None = self._view.close()
        if subscriber is not None:
            self.hub.connections.remove(self, subscriber)
            if self._version is not None:
                self.hub.metrics.went(self._version)
            log.info("proxy disconnected", proxy=self.id)

    def _note(self, receipt: Receipt, request: Any) -> None:
        kind = short(request.type_url)
        if receipt is Receipt.NACK:
            self._complaints.log(proxy=self.id, type=kind, reason=request.error, nonce=request.nonce)
            self.hub.metrics.rejected(kind)
        elif receipt is Receipt.STALE:
            self.hub.metrics.expired_nonce.labels(kind).inc()

    def _fail(self, error: Exception) -> None:
        """Ends the stream with this."""
        self._fault = error
        self._due.set()

    def _wake_soon(self) -> None:
        if not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_soon(self.wake)

    def _put(self, message: Message) -> bool:
        """Whether all of it could be sent at once."""
        start = time.monotonic()
        sent = framing.put(self._raw, message.framed)
        if sent < len(message.framed):
            self._rest = _Rest(message, start, sent)
            self._due.set()
            return False
        self._count(message, start)
        return True

    async def _send(self) -> None:
        """Waits for clients that do not take data at once, and raises what went wrong."""
        while True:
            await self._due.wait()
            self._due.clear()
            if self._fault is not None:
                raise self._fault
            if self._rest is not None:
                await self._write(self._rest)
                self._rest = None
            if self._ending:
                return
            self._wake_soon()

    async def _write(self, rest: _Rest) -> None:
        try:
            async with asyncio.timeout(self.hub.settings.write_timeout):
                await framing.write(self._raw, rest.message.framed, rest.sent)
        except TimeoutError:
            kind, size = short(rest.message.type_url), len(rest.message.framed)
            self.hub.metrics.write_timeout.inc()
            log.warning("proxy takes no data, its stream is ended", proxy=self.id, type=kind, bytes=size)
            framing.abort(self._raw)
            raise Refused(Code.UNAVAILABLE, "no data was taken") from None
        self._count(rest.message, rest.start)

    def _count(self, message: Message, start: float) -> None:
        self._awaited += 1
        self.hub.metrics.sent(short(message.type_url), len(message.framed), time.monotonic() - start)

    def _converged(self) -> None:
        since, self._since = self._since, None
        if since is not None:
            self.hub.metrics.convergence.observe(time.monotonic() - since)


def _units(data: bytes) -> float:
    return 1 + len(data) / _UNIT_BYTES
