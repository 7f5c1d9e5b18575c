"""Messages of the gRPC health protocol, ``grpc.health.v1``. Knows field numbers only."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.agent.messages import wire

CHECK = "/grpc.health.v1.Health/Check"
_SERVING = 1


@dataclass(frozen=True, slots=True)
class HealthRequest:
    """Asks for one service; empty for the whole server."""

    service: str

    def encode(self) -> bytes:
        """The message on the wire."""
        return wire.text(1, self.service)


@dataclass(frozen=True, slots=True)
class HealthResponse:
    """Whether the service serves."""

    serving: bool

    @classmethod
    def decode(cls, encoded: bytes) -> HealthResponse:
        """From the wire; WireError when the bytes are no message."""
        return cls(wire.last_integer(wire.grouped(encoded), 1) == _SERVING)
