"""HTTP/1.1 message heads: parsed from bytes, written to bytes (RFC 9112).

Knows: request and status lines, header fields, body framing. Does not know sockets or paths.

The agent has an HTTP server and client of its own, a few hundred lines together, because the framework
that the control plane uses adds 20 MB to a process that should stay under 40.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

_MOST_DIGITS = 15


class HttpError(ValueError):
    """The bytes are not an HTTP message."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as its handler sees it; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    from_loopback: bool = False
    keep_alive: bool = True


@dataclass(frozen=True, slots=True)
class Head:
    """The status and header fields of a response; names in lower case."""

    status: int
    headers: Mapping[str, str]

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int | None:
        """The body's length in bytes, None when it ends with the connection."""
        if self.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            return 0
        return content_length(self.headers)


def content_length(headers: Mapping[str, str]) -> int | None:
    """The Content-Length field; HttpError when it is not a number."""
    value = headers.get("content-length")
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > _MOST_DIGITS:
        raise HttpError(f"Content-Length {value[:30]!r} is not a number of bytes")
    return int(value)


def parse_request(head: bytes) -> Request:
    """A request without its body from the lines before it."""
    line, headers = _parse(head)
    try:
        method, target, version = line.split(" ")
    except ValueError:
        raise HttpError(f"not a request line: {line!r}") from None
    try:
        parts = urlsplit(target)
        fields = parse_qs(parts.query, keep_blank_values=True)
    except ValueError as error:
        raise HttpError(f"not a request target: {target!r}: {error}") from None
    connection = headers.get("connection", "").lower()
    keep_alive = "keep-alive" in connection if version == "HTTP/1.0" else "close" not in connection
    query = {name: tuple(values) for name, values in fields.items()}
    return Request(method, parts.path or "/", query, headers, keep_alive=keep_alive)


def parse_head(head: bytes) -> Head:
    """A response's head."""
    line, headers = _parse(head)
    parts = line.split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/") or not _is_status(parts[1]):
        raise HttpError(f"not a status line: {line!r}")
    return Head(int(parts[1]), headers)


def _is_status(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) == 3


def _parse(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, separator, value = line.partition(":")
        if not separator or name != name.strip():
            raise HttpError(f"not a header field: {line!r}")
        headers[name.lower()] = value.strip()
    return first, headers


def request_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """A request's lines up to its body; HttpError for a field that would break out of its line."""
    return _lines(f"{method} {target} HTTP/1.1", headers)


def response_head(status: int, headers: Mapping[str, str]) -> bytes:
    """A response's lines up to its body."""
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = ""
    return _lines(f"HTTP/1.1 {status} {reason}", headers)


def _lines(first: str, headers: Mapping[str, str]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise HttpError("a line break stands inside a header field")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
