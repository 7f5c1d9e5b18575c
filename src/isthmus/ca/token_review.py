"""What an API server says of a token, and which service account that is.

Knows the answers of Kubernetes' TokenReview. Does not know how they are got.
"""

from __future__ import annotations

import msgspec

_POD_NAME = "authentication.kubernetes.io/pod-name"
_SERVICE_ACCOUNTS = "system:serviceaccounts"


class Review(msgspec.Struct, frozen=True):
    """The status of a TokenReview, as far as it is used."""

    authenticated: bool = False
    username: str = ""
    groups: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    pod: str | None = None
    error: str = ""


class Account(msgspec.Struct, frozen=True):
    """A service account, and the pod that its token is bound to."""

    namespace: str
    name: str
    pod: str | None = None


class ReviewError(Exception):
    """The token could not be reviewed. ``temporary``: nothing is known of it, the caller may try again."""

    def __init__(self, message: str, *, temporary: bool) -> None:
        super().__init__(message)
        self.temporary = temporary


def review_of(status: dict[str, object]) -> Review:
    """From the status of a TokenReview; ``msgspec.ValidationError`` when it is none."""
    parsed = msgspec.convert(status, _Status)
    return Review(
        parsed.authenticated,
        parsed.user.username,
        parsed.user.groups,
        parsed.audiences,
        next(iter(parsed.user.extra.get(_POD_NAME, ())), None),
        parsed.error,
    )


def account_of(review: Review, audiences: tuple[str, ...]) -> Account | str:
    """The account that a review vouches for, or why it does not."""
    if not review.authenticated:
        return review.error or "the API server does not accept the token"
    if not set(review.audiences) & set(audiences):
        return f"the token is for {', '.join(review.audiences) or 'the API server'}, not for {', '.join(audiences)}"
    if _SERVICE_ACCOUNTS not in review.groups:
        return f"{review.username} is not a service account"
    match review.username.split(":"):
        case ["system", "serviceaccount", namespace, name] if namespace and name:
            return Account(namespace, name, review.pod)
    return f"{review.username!r} is not of the form system:serviceaccount:<namespace>:<name>"


class _User(msgspec.Struct, frozen=True):
    username: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


class _Status(msgspec.Struct, frozen=True):
    authenticated: bool = False
    user: _User = _User()
    audiences: tuple[str, ...] = ()
    error: str = ""
