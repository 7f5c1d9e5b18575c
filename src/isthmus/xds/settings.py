"""What the xDS server may be told."""

from __future__ import annotations

import msgspec

from isthmus.xds.requests import Limits


class XdsSettings(msgspec.Struct, frozen=True):
    """Durations are seconds."""

    max_stream_age: float = 1800.0  # then identities are checked again; streams end up to a tenth earlier
    first_request: float = 15.0  # how long a stream may stay silent before it says who it is
    write_timeout: float = 30.0  # how long a client may refuse to take one response
    wake_batch: int = 32  # streams woken in one turn of the event loop, so that others are served in between
    identity_check: bool = True  # the caller's namespace and account must be the node's
    system_namespace: str = "istio-system"
    debug_namespaces: tuple[str, ...] = ()  # besides the system's, whose callers may read every debug page
    limits: Limits = Limits()
