"""Discovery requests: bytes of a client → plain records, within limits.

Knows both request messages. Does not know streams; ``node`` stays a message until ``xds.node`` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from sys import intern
from typing import Any

import msgspec
from google.protobuf.message import DecodeError

from isthmus.protos import pb
from isthmus.rpc.refusal import Code, Refused
from isthmus.xds.order import TOGETHER

WILDCARD = "*"
PORTION = 10_000
"""Names that are looked at in one go: others are served in between, whatever one client asks for."""
LONGEST_ACKNOWLEDGEMENT = 256
"""Bytes of a type URL, a nonce, and some more."""
_ACKNOWLEDGEMENTS = 1024  # that are remembered
_LONGEST_REASON = 4096
_LONGEST_VERSION = 128  # longer ones are none of this server's and need not be kept whole


class Limits(msgspec.Struct, frozen=True):
    """What one client may ask for; far above what a proxy of a 10,000-service mesh needs."""

    message_bytes: int = 16 * 2**20
    names: int = 100_000  # subscribed, per type
    name_bytes: int = 4096
    types: int = 64
    kept_bytes: int = 128 * 2**20  # half of it in names and versions that one stream makes the server remember


class DeltaRequest(msgspec.Struct, frozen=True):
    """A ``DeltaDiscoveryRequest``. ``error`` is None on an ACK, and the client's reason on a NACK."""

    type_url: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial_versions: Mapping[str, str] = {}
    nonce: str = ""
    error: str | None = None
    node: Any = None
    size: int = 0  # bytes that it came in


class SotwRequest(msgspec.Struct, frozen=True):
    """A ``DiscoveryRequest``. ``error`` as above."""

    type_url: str
    names: tuple[str, ...] = ()
    version: str = ""
    nonce: str = ""
    error: str | None = None
    node: Any = None
    size: int = 0


def parse_delta(data: bytes, limits: Limits) -> DeltaRequest:
    """``Refused`` (InvalidArgument) unless the bytes are a request with a type and sane names.

    Names that are made from the Host headers of requests are whatever somebody sent to a proxy: odd ones are left out.
    """
    message = _decode("envoy.service.discovery.v3.DeltaDiscoveryRequest", data)
    together = message.type_url in TOGETHER
    asked, dropped = message.resource_names_subscribe, message.resource_names_unsubscribe
    if together:
        asked, dropped = _sane(asked, limits), _sane(dropped, limits)
    subscribe = _shared(asked)
    versions = {
        intern(name): intern(version[:_LONGEST_VERSION]) for name, version in message.initial_resource_versions.items()
    }
    _check_names(versions if together else (*subscribe, *versions), limits)
    return DeltaRequest(
        type_url=message.type_url,
        subscribe=subscribe,
        unsubscribe=_shared(dropped),
        initial_versions=versions,
        nonce=message.response_nonce,
        error=_error(message),
        node=message.node if message.HasField("node") else None,
        size=len(data),
    )


@lru_cache(_ACKNOWLEDGEMENTS)
def delta_acknowledgement(data: bytes) -> DeltaRequest | None:
    """The request if all that it says is that a response was taken, None otherwise.

    Clients that are sent the same response answer with the same bytes. The data must not be longer than the longest.
    """
    try:
        request = parse_delta(data, Limits())
    except Refused:
        return None
    says_more = request.subscribe or request.unsubscribe or request.initial_versions or request.node is not None
    return None if says_more or request.error is not None or not request.nonce else request


def parse_sotw(data: bytes, limits: Limits) -> SotwRequest:
    """``Refused`` (InvalidArgument) unless the bytes are a request with a type and sane names."""
    message = _decode("envoy.service.discovery.v3.DiscoveryRequest", data)
    names = _shared(message.resource_names)
    _check_names(names, limits)
    return SotwRequest(
        type_url=message.type_url,
        names=names,
        version=message.version_info,
        nonce=message.response_nonce,
        error=_error(message),
        node=message.node if message.HasField("node") else None,
        size=len(data),
    )


def _decode(full_name: str, data: bytes) -> Any:
    try:
        message = pb(full_name).FromString(data)
    except DecodeError:
        raise Refused(Code.INVALID_ARGUMENT, f"not a {full_name.rpartition('.')[2]}") from None
    if not message.type_url:
        raise Refused(Code.INVALID_ARGUMENT, "discovery request without type_url")
    return message


def _shared(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each held once in memory however many streams subscribe to it."""
    return tuple(map(intern, names))


def _sane(names: Iterable[str], limits: Limits) -> Iterator[str]:
    """The first of the names that can be one of this server's, as many as are answered at once."""
    return islice((name for name in names if 0 < len(name) <= limits.name_bytes), PORTION)


def _check_names(names: Iterable[str], limits: Limits) -> None:
    count = 0
    for count, name in enumerate(names, 1):  # noqa: B007 - the last count is the number of names
        if not name or len(name) > limits.name_bytes:
            raise Refused(Code.INVALID_ARGUMENT, f"resource name of {len(name)} characters")
    if count > limits.names:
        raise Refused(Code.RESOURCE_EXHAUSTED, f"{count} resource names in one request, the limit is {limits.names}")


def _error(message: Any) -> str | None:
    """Logs and debug pages show it: they do not grow with what a client sends."""
    if not message.HasField("error_detail"):
        return None
    reason: str = message.error_detail.message
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"
