"""The API server that the tests use is real: tokens, reviews and access rules behave as in a cluster."""

import json
import ssl

import aiohttp
import pytest

from isthmus.lab.apiserver import ApiServer


@pytest.fixture
async def admin(apiserver: ApiServer):
    context = ssl.create_default_context(cadata=apiserver.authority.decode())
    context.load_cert_chain(apiserver.directory / "admin.crt", apiserver.directory / "admin.key")
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(apiserver.url, connector=connector) as session:
        yield session


async def create(session: aiohttp.ClientSession, path: str, body: dict) -> dict:
    async with session.post(path, json=body) as answer:
        assert answer.status == 201, await answer.text()
        return json.loads(await answer.text())


async def test_a_requested_token_passes_review_for_its_audience_only(admin) -> None:
    account = "/api/v1/namespaces/default/serviceaccounts"
    await create(admin, account, {"metadata": {"name": "reviewed"}})
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": ["istio-ca"]}}
    token = (await create(admin, f"{account}/reviewed/token", request))["status"]["token"]

    async def review(audience: str) -> dict:
        body = {"spec": {"token": token, "audiences": [audience]}}
        return (await create(admin, "/apis/authentication.k8s.io/v1/tokenreviews", body))["status"]

    accepted = await review("istio-ca")
    assert accepted["authenticated"]
    assert accepted["user"]["username"] == "system:serviceaccount:default:reviewed"
    assert not (await review("vault")).get("authenticated")


async def test_a_service_account_without_a_role_may_not_list_pods(admin, apiserver: ApiServer) -> None:
    account = "/api/v1/namespaces/default/serviceaccounts"
    await create(admin, account, {"metadata": {"name": "powerless"}})
    token = (await create(admin, f"{account}/powerless/token", {"spec": {}}))["status"]["token"]
    context = ssl.create_default_context(cadata=apiserver.authority.decode())
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(apiserver.url, headers=headers) as session,
        session.get("/api/v1/pods", ssl=context) as answer,
    ):
        assert answer.status == 403
