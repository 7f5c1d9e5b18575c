"""What a gRPC request offers as proof of identity.

Knows grpclib's streams and Istio's headers. Does not judge.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from isthmus.model.identity import Caller, Credentials

Authenticate = Callable[[Credentials], Awaitable[Caller]]
"""Who offers these credentials; ``Refused`` (Unauthenticated) when nobody believes them."""

_BEARER = "bearer "


def credentials_of(stream: Any) -> Credentials:
    """From a grpclib server stream: verified client certificate, bearer token, header ``clusterid``."""
    metadata = stream.metadata or {}
    certificate = stream.peer.cert() or {}
    address = stream.peer.addr()
    return Credentials(
        uris=tuple(value for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"),
        expiry=float(ssl.cert_time_to_seconds(certificate["notAfter"])) if certificate else None,
        token=_bearer(str(metadata.get("authorization", ""))),
        cluster=str(metadata.get("clusterid", "")),
        peer=str(address[0]) if address else "",
    )


def _bearer(header: str) -> str:
    return header[len(_BEARER) :].strip() if header[: len(_BEARER)].lower() == _BEARER else ""
