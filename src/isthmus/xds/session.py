"""What the two protocol variants share: messages out, receipts in, and the record of what was sent and answered.

Knows nonces, acknowledgement and push order. Does not know how either variant says what it wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from isthmus.rpc.message import PREFIX
from isthmus.xds.resources import Lookup, Names


class Receipt(StrEnum):
    """What a request turned out to be."""

    SUBSCRIBE = "subscribe"
    ACK = "ack"
    NACK = "nack"
    STALE = "stale"


class Moment(msgspec.Struct, frozen=True):
    """When a message is composed: seconds since the epoch, and the server's version of all configuration."""

    now: float = 0.0
    version: str = ""


class Message(msgspec.Struct, frozen=True):
    """A response ready to send, with the numbers of resources and removals in it."""

    type_url: str
    nonce: str
    framed: bytes  # with its prefix
    resources: int
    removed: int = 0

    @property
    def body(self) -> bytes:
        """The response alone."""
        return self.framed[PREFIX.size :]


class Ledger(msgspec.Struct):
    """What was sent of one type on one stream, and what the client said of it; debug pages show it."""

    sent: str = ""
    acked: str = ""
    answered: str = ""  # the newest nonce that was acknowledged or rejected
    error: str = ""
    sent_at: float = 0.0
    current_at: float = 0.0  # when it turned out that the client had everything and nothing was sent

    @property
    def waiting(self) -> bool:
        """Whether the client has yet to answer what was sent last, or nothing was sent."""
        return not self.sent or self.answered != self.sent

    def send(self, nonce: str, moment: Moment) -> None:
        """Notes a response."""
        self.sent, self.sent_at = nonce, moment.now

    def confirm(self, moment: Moment) -> None:
        """Notes that a client which came back holds what it would be sent."""
        self.current_at = moment.now

    def settle(self, nonce: str, error: str | None) -> Receipt:
        """Notes an ACK (no error) or a NACK; a nonce that is not the newest is stale (Istio does the same)."""
        if nonce == self.sent:
            self.answered = nonce
        if error is not None:
            self.error = error or "rejected without a reason"
            return Receipt.NACK
        if nonce != self.sent:
            return Receipt.STALE
        self.acked, self.error = nonce, ""
        return Receipt.ACK


class Session(Protocol):
    """The protocol state of one ADS stream."""

    @property
    def ledgers(self) -> Mapping[str, Ledger]:
        """By type URL."""

    @property
    def pending(self) -> bool:
        """Whether ``next`` may have something to send."""

    def receive(self, request: Any) -> Receipt:
        """Takes one request of this variant; ``Refused`` beyond the limits."""

    def mark(self, changes: Mapping[str, Names]) -> bool:
        """Notes that resources may have changed; whether this stream may want any of them."""

    def next(self, lookup: Lookup, moment: Moment) -> Message | None:
        """The next response to send, from the newest state; None when the client has all that it wants."""
