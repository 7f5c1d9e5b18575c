"""Exceptions of handlers as gRPC statuses: what a client is told, and what only the log is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from h2.exceptions import ProtocolError

from isthmus.rpc.refusal import Code, Refused

log = structlog.get_logger(__name__)


@contextmanager
def statuses(count: Callable[[Code], None]) -> Iterator[None]:
    """A handler's body: a refusal becomes its status; a bug is logged and becomes Internal. ``count`` is told."""
    try:
        yield
    except Refused as refused:
        count(refused.code)
        log.info("request refused", code=refused.code.name, reason=refused.message)
        raise GRPCError(Status(refused.code.value), refused.message) from None
    except (GRPCError, ProtocolError, ConnectionError):
        raise
    except Exception:
        count(Code.INTERNAL)
        log.exception("request failed")
        raise GRPCError(Status.INTERNAL, "internal error") from None
