"""Who a caller is: by client certificate, or by a token that Kubernetes confirms; first success wins.

Knows Istio's order and rules (security/pkg/server/ca/authenticate). Does not know transports: credentials come in,
callers go out. Reasons are logged; a client learns only that it was not believed, and no token is ever shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from isthmus.ca.token_cache import CacheLimits, TokenCache
from isthmus.ca.token_review import Review, ReviewError, account_of
from isthmus.model.identity import Caller, Credentials, SpiffeId
from isthmus.rpc.refusal import Code, Refused

log = structlog.get_logger(__name__)


class NotBelieved(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """These credentials prove nothing; the message is for the log."""


class Authenticator(Protocol):
    """One way to prove an identity."""

    async def authenticate(self, credentials: Credentials) -> Caller | None:
        """The caller, None when nothing of this kind was offered; ``NotBelieved`` or ``ReviewError`` otherwise."""


class TokenReviewer(Protocol):
    """Asks an API server about a token."""

    async def review(self, cluster: str, token: str) -> Review:
        """``ReviewError`` when this cluster is not known or cannot be asked."""


class CertificateAuthenticator:
    """A client certificate that TLS verified against the mesh's roots."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    async def authenticate(self, credentials: Credentials) -> Caller | None:
        """By its URI names. A connection may outlive its certificate: then a new one has to be made."""
        if credentials.expiry is None:
            return None
        if credentials.expiry < self._clock():
            raise NotBelieved("client certificate expired since the connection was made")
        try:
            identities = tuple(SpiffeId.parse(uri) for uri in credentials.uris)
        except ValueError as error:
            raise NotBelieved(f"client certificate: {error}") from None
        if not identities:
            raise NotBelieved("client certificate without a URI name")
        return Caller(identities, "certificate")


class TokenAuthenticator:
    """A service account's token, reviewed by the cluster that the request names (header ``clusterid``).

    The identity has this mesh's trust domain, whichever cluster the token is from.
    """

    def __init__(
        self,
        reviewer: TokenReviewer,
        trust_domain: Callable[[], str],
        audiences: tuple[str, ...] = ("istio-ca",),
        cache: TokenCache | None = None,
    ) -> None:
        self._reviewer = reviewer
        self._trust_domain = trust_domain
        self._audiences = audiences
        self._cache = cache or TokenCache(CacheLimits(), time.monotonic)

    async def authenticate(self, credentials: Credentials) -> Caller | None:
        """By TokenReview."""
        if not credentials.token:
            return None
        review = await self._cache.get(credentials.cluster, credentials.token, self._reviewer.review)
        account = account_of(review, self._audiences)
        if isinstance(account, str):
            raise NotBelieved(f"token: {account}")
        identity = SpiffeId.of(self._trust_domain(), account.namespace, account.name)
        return Caller((identity,), "token", account.pod, credentials.cluster or None)


class Authentication:
    """All authenticators in order. Its ``authenticate`` is what gRPC services take (``rpc.credentials``)."""

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = tuple(authenticators)

    async def authenticate(self, credentials: Credentials) -> Caller:
        """The caller by the first that succeeds.

        ``Refused`` as Unauthenticated when none does, as Unavailable when one could not find out.
        """
        reasons: list[str] = []
        unknown = False
        for authenticator in self._authenticators:
            try:
                caller = await authenticator.authenticate(credentials)
            except NotBelieved as error:
                reasons.append(str(error))
            except ReviewError as error:
                reasons.append(str(error))
                unknown = unknown or error.temporary
            else:
                if caller is not None:
                    return caller
        reason = "; ".join(reasons) or "neither a client certificate nor a bearer token"
        log.warning("caller not believed", peer=credentials.peer, cluster=credentials.cluster, reason=reason)
        if unknown:
            raise Refused(Code.UNAVAILABLE, "the token cannot be reviewed now, try again")
        raise Refused(Code.UNAUTHENTICATED, "request authenticate failure")
