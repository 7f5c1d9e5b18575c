"""Callers are believed by certificate first, then by token; what they are not told is why not."""

from __future__ import annotations

import asyncio

import pytest

from isthmus.ca.authenticators import Authentication, CertificateAuthenticator, NotBelieved, TokenAuthenticator
from isthmus.ca.token_cache import CacheLimits, TokenCache
from isthmus.ca.token_review import Account, Review, ReviewError, account_of, review_of
from isthmus.model.identity import Credentials, SpiffeId
from isthmus.rpc.refusal import Code, Refused

SLEEP = SpiffeId("mesh.example", "sample", "sleep")
STATUS = {
    "authenticated": True,
    "user": {
        "username": "system:serviceaccount:sample:sleep",
        "uid": "1",
        "groups": ["system:serviceaccounts", "system:serviceaccounts:sample", "system:authenticated"],
        "extra": {"authentication.kubernetes.io/pod-name": ["sleep-1"], "authentication.kubernetes.io/pod-uid": ["2"]},
    },
    "audiences": ["istio-ca"],
}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Cluster:
    """Answers of API servers by cluster; counts the questions."""

    def __init__(self, **answers: Review | ReviewError) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def review(self, cluster: str, token: str) -> Review:
        self.asked.append(cluster)
        await asyncio.sleep(0)
        answer = self.answers.get(cluster) or ReviewError(f"cluster {cluster!r} is not known", temporary=False)
        if isinstance(answer, ReviewError):
            raise answer
        return answer


def by_token(cluster: Cluster, clock: Clock | None = None, entries: int = 10) -> TokenAuthenticator:
    cache = TokenCache(CacheLimits(accepted=10, rejected=2, entries=entries), clock or Clock())
    return TokenAuthenticator(cluster, lambda: "mesh@example", cache=cache)


def test_a_review_names_the_account_and_its_pod():
    assert account_of(review_of(STATUS), ("istio-ca",)) == Account("sample", "sleep", "sleep-1")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"authenticated": False, "error": "token expired"}, "token expired"),
        ({"audiences": ["https://kubernetes.default.svc"]}, "not for istio-ca"),
        ({"audiences": []}, "for the API server"),
        ({"user": {"username": "alice", "groups": ["system:masters"]}}, "alice is not a service account"),
        (
            {"user": {"username": "system:serviceaccount:a:b:c", "groups": ["system:serviceaccounts"]}},
            "is not of the form",
        ),
    ],
)
def test_a_review_that_vouches_for_no_account_says_why(change, reason):
    assert reason in account_of(review_of(STATUS | change), ("istio-ca",))


async def test_a_token_of_any_cluster_gets_this_meshs_trust_domain():
    caller = await by_token(Cluster(remote=review_of(STATUS))).authenticate(Credentials(token="t", cluster="remote"))
    assert caller.identities == (SLEEP,)
    assert (caller.method, caller.pod, caller.cluster) == ("token", "sleep-1", "remote")


async def test_the_cluster_of_the_request_reviews_the_token():
    cluster = Cluster(one=review_of(STATUS), two=Review(error="unknown key"))
    authenticator = by_token(cluster)
    assert await authenticator.authenticate(Credentials(token="t", cluster="one"))
    with pytest.raises(NotBelieved, match="unknown key"):
        await authenticator.authenticate(Credentials(token="t", cluster="two"))
    assert cluster.asked == ["one", "two"]


async def test_reviews_are_remembered_briefly_and_shared_while_under_way():
    clock, cluster = Clock(), Cluster(one=review_of(STATUS))
    authenticator = by_token(cluster, clock)
    offer = Credentials(token="t", cluster="one")
    await asyncio.gather(*(authenticator.authenticate(offer) for _ in range(5)))
    assert len(cluster.asked) == 1
    clock.now += 9
    await authenticator.authenticate(offer)
    assert len(cluster.asked) == 1
    clock.now += 2
    await authenticator.authenticate(offer)
    assert len(cluster.asked) == 2


async def test_a_rejection_is_remembered_for_a_shorter_time():
    clock, cluster = Clock(), Cluster(one=Review(error="no"))
    authenticator = by_token(cluster, clock)
    for seconds, asked in ((0, 1), (1, 1), (2, 2)):
        clock.now = 1000.0 + seconds
        with pytest.raises(NotBelieved):
            await authenticator.authenticate(Credentials(token="t", cluster="one"))
        assert len(cluster.asked) == asked


async def test_a_failed_review_is_not_remembered_and_memory_is_bounded():
    cluster = Cluster(one=ReviewError("unreachable", temporary=True))
    authenticator = by_token(cluster, entries=2)
    for _ in range(2):
        with pytest.raises(ReviewError):
            await authenticator.authenticate(Credentials(token="t", cluster="one"))
    assert len(cluster.asked) == 2
    cluster.answers["one"] = review_of(STATUS)
    for token in ("a", "b", "c", "a"):
        await authenticator.authenticate(Credentials(token=token, cluster="one"))
    assert len(cluster.asked) == 6


async def test_a_certificate_wins_over_a_token():
    cluster = Cluster(one=review_of(STATUS))
    both = Authentication((CertificateAuthenticator(Clock()), by_token(cluster)))
    uri = "spiffe://cluster.local/ns/other/sa/admin"
    caller = await both.authenticate(Credentials(uris=(uri,), expiry=2000.0, token="t", cluster="one"))
    assert (caller.method, str(caller.identities[0])) == ("certificate", uri)
    assert cluster.asked == []


@pytest.mark.parametrize(
    "certificate",
    [
        Credentials(uris=("spiffe://cluster.local/ns/a/sa/b",), expiry=999.0),
        Credentials(uris=("https://example.com",), expiry=2000.0),
        Credentials(uris=(), expiry=2000.0),
    ],
    ids=["expired", "no workload", "no name"],
)
async def test_a_useless_certificate_leaves_the_token(certificate):
    cluster = Cluster(one=review_of(STATUS))
    both = Authentication((CertificateAuthenticator(Clock()), by_token(cluster)))
    offer = Credentials(certificate.uris, certificate.expiry, "t", "one")
    assert (await both.authenticate(offer)).method == "token"
    with pytest.raises(Refused) as caught:
        await both.authenticate(certificate)
    assert caught.value.code is Code.UNAUTHENTICATED


async def test_who_is_not_believed_learns_nothing_and_the_log_shows_no_token(capsys):
    authentication = Authentication((by_token(Cluster()),))
    with pytest.raises(Refused) as caught:
        await authentication.authenticate(Credentials(token="very-secret", cluster="elsewhere", peer="192.0.2.7"))
    assert (caught.value.code, caught.value.message) == (Code.UNAUTHENTICATED, "request authenticate failure")
    printed = capsys.readouterr().out
    assert "elsewhere" in printed
    assert "192.0.2.7" in printed
    assert "very-secret" not in printed


async def test_an_api_server_that_cannot_be_asked_is_not_the_callers_fault():
    authentication = Authentication((by_token(Cluster(one=ReviewError("refused", temporary=True))),))
    with pytest.raises(Refused) as caught:
        await authentication.authenticate(Credentials(token="t", cluster="one"))
    assert caught.value.code is Code.UNAVAILABLE


async def test_a_caller_that_gives_up_does_not_end_the_review_for_others():
    cluster = Cluster(one=review_of(STATUS))
    authenticator = by_token(cluster)
    first, second = (
        asyncio.ensure_future(authenticator.authenticate(Credentials(token="t", cluster="one"))) for _ in range(2)
    )
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).identities == (SLEEP,)
