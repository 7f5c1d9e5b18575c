"""Tokens of real service accounts, reviewed by a real API server."""

from __future__ import annotations

import pytest

from isthmus.ca.authenticators import Authentication, NotBelieved, TokenAuthenticator
from isthmus.ca.kube_reviewer import KubeTokenReviewer
from isthmus.ca.token_review import ReviewError
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Client, Writing
from isthmus.model.identity import Credentials, SpiffeId
from isthmus.rpc.refusal import Code, Refused


async def new_token(client: Client, namespace: str, *audiences: str) -> str:
    """A token of service account ``sleep``, which is made if need be."""
    if await client.find(kinds.SERVICE_ACCOUNT, "sleep", namespace=namespace) is None:
        await client.create(kinds.SERVICE_ACCOUNT, {"metadata": {"name": "sleep", "namespace": namespace}})
    spec = {"audiences": list(audiences), "expirationSeconds": 3600}
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    writing = Writing(subresource="token")
    answer = await client.create(kinds.SERVICE_ACCOUNT, request, name="sleep", namespace=namespace, writing=writing)
    return str(answer["status"]["token"])


@pytest.fixture
def authenticator(client) -> TokenAuthenticator:
    clusters = {"": client, "cluster1": client}
    reviewer = KubeTokenReviewer(clusters.get, ["cluster1"].copy)
    return TokenAuthenticator(reviewer, lambda: "mesh.example")


async def test_a_service_account_is_known_by_its_token(client, namespace, authenticator):
    token = await new_token(client, namespace, "istio-ca")
    for cluster in ("cluster1", ""):
        caller = await authenticator.authenticate(Credentials(token=token, cluster=cluster))
        assert caller.identities == (SpiffeId("mesh.example", namespace, "sleep"),)


@pytest.mark.parametrize("audiences", [("somebody-else",), ()], ids=["another", "the API server's"])
async def test_a_token_for_another_audience_is_refused(client, namespace, authenticator, audiences):
    token = await new_token(client, namespace, *audiences)
    with pytest.raises(NotBelieved) as caught:
        await authenticator.authenticate(Credentials(token=token, cluster="cluster1"))
    assert token not in str(caught.value)


async def test_rubbish_is_refused(authenticator):
    with pytest.raises(NotBelieved):
        await authenticator.authenticate(Credentials(token="rubbish", cluster="cluster1"))


async def test_an_unknown_cluster_is_named_with_the_known_ones(authenticator):
    with pytest.raises(ReviewError, match="'cluster9' is not known here; known: cluster1"):
        await authenticator.authenticate(Credentials(token="t", cluster="cluster9"))


async def test_an_api_server_that_is_away_makes_callers_try_again():
    async with Client(Access(server="https://127.0.0.1:1")) as away:
        reviewer = KubeTokenReviewer(lambda _cluster: away, lambda: ["cluster1"])
        authentication = Authentication((TokenAuthenticator(reviewer, lambda: "mesh.example"),))
        with pytest.raises(Refused) as caught:
            await authentication.authenticate(Credentials(token="t", cluster="cluster1"))
    assert caught.value.code is Code.UNAVAILABLE
