"""Refusals: why a stream or a call is not served, with its gRPC status code."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The gRPC status codes that this server gives (https://grpc.github.io/grpc/core/md_doc_statuscodes.html)."""

    OK = 0
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class Refused(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """Ends this stream, and only this one, with a status and a sentence that the client may see."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
