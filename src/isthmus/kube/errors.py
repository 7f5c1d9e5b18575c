"""What can go wrong when talking to an API server.

Knows: ``Status`` objects and their reasons. Does not know how errors are retried.
"""

from __future__ import annotations

import msgspec


class KubeError(Exception):
    """Anything that went wrong between this process and an API server."""


class AccessError(KubeError):
    """A user's mistake in a kubeconfig or in credentials: names the field and the cure."""


class UnreachableError(KubeError):
    """No answer: refused, reset, timed out, or TLS did not come about."""


class UntrustedError(UnreachableError):
    """The server's certificate is not from the authority that the kubeconfig names, or not for this address."""


class UnknownKindError(KubeError):
    """The API server does not serve this kind (a CRD that is not installed, or a typing mistake)."""


class MalformedError(KubeError):
    """An answer that is not what the API promises: a captive portal's page, or an object of another shape."""


class WaitTimeoutError(KubeError):
    """A condition did not come true in time; the message names what was waited for."""


class Cause(msgspec.Struct, frozen=True):
    """One cause of a failed request, with the field of the object that it is about."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(msgspec.Struct, frozen=True, rename="camel"):
    """The machine-readable part of a ``Status``."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: tuple[Cause, ...] = ()
    retry_after_seconds: int = 0


class Status(msgspec.Struct, frozen=True):
    """``meta/v1`` ``Status``, the body of every error answer."""

    status: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: StatusDetails | None = None


class ApiError(KubeError):
    """The API server's refusal: HTTP ``status``, its ``reason`` word, ``message`` and ``details``.

    ``retry_after`` is in seconds, None when the server did not say.
    """

    def __init__(self, status: Status, *, retry_after: float | None = None) -> None:
        super().__init__(f"{status.code} {status.reason}: {status.message}")
        self.status = status.code
        self.reason = status.reason
        self.message = status.message
        self.details = status.details or StatusDetails()
        self.retry_after = retry_after

    @property
    def not_found(self) -> bool:
        """The object, or the whole resource, does not exist."""
        return self.status == 404

    @property
    def already_exists(self) -> bool:
        """A create met an object of that name."""
        return self.status == 409 and self.reason == "AlreadyExists"

    @property
    def conflict(self) -> bool:
        """Somebody else wrote in between, or owns the fields."""
        return self.status == 409 and self.reason != "AlreadyExists"

    @property
    def expired(self) -> bool:
        """The resource version or continue token is too old: list again."""
        return self.status == 410

    @property
    def version_too_large(self) -> bool:
        """The resource version lies in the server's future (restored backup, or a lagging cache)."""
        return any(cause.reason == "ResourceVersionTooLarge" for cause in self.details.causes)


def error_of(code: int, body: bytes, *, retry_after: float | None = None) -> ApiError:
    """The error of an answer; bodies that are no ``Status`` (from a proxy in between) become its message."""
    try:
        status = msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        status = Status()
    text = status.message or body[:300].decode("utf-8", "replace").strip() or "no explanation"
    status = msgspec.structs.replace(status, code=status.code or code, message=text, reason=status.reason or "Unknown")
    if retry_after is None and status.details and status.details.retry_after_seconds:
        retry_after = float(status.details.retry_after_seconds)
    return ApiError(status, retry_after=retry_after)
