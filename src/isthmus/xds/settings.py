"""What the xDS server may be told."""

from __future__ import annotations

import msgspec

from isthmus.rpc.pace import Pace
from isthmus.xds.requests import Limits


class XdsSettings(msgspec.Struct, frozen=True):
    """Durations are seconds."""

    max_stream_age: float = 1800.0  # then identities are checked again; streams end up to a tenth earlier; 0: never
    first_request: float = 15.0  # how long a stream may stay silent before it says who it is
    write_timeout: float = 30.0  # how long a client may refuse to take one response
    read_timeout: float = 30.0  # how long a request may take to arrive once it has begun
    work: Pace = Pace(200, 10_000)  # requests of one stream: one each, and one per 4 KiB; faster ones wait
    returns: Pace = Pace(0.5, 10)  # streams of one proxy; more wait
    rejections: Pace = Pace(1, 50)  # log lines about what one stream rejects
    wake_batch: int = 32  # streams woken in one turn of the event loop, so that others are served in between
    identity_check: bool = True  # the caller's namespace and account must be the node's
    system_namespace: str = "istio-system"
    debug_namespaces: tuple[str, ...] = ()  # besides the system's, whose callers may read every debug page
    limits: Limits = Limits()
