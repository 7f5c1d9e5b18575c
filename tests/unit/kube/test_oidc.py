"""Tokens from an OpenID Connect provider."""

import base64
from typing import Any

import msgspec
import pytest

from isthmus.kube.errors import AccessError, UnreachableError
from isthmus.kube.oidc import OidcSource

NOW = 1000.0


def jwt(expires: float, name: str = "") -> str:
    payload = base64.urlsafe_b64encode(msgspec.json.encode({"exp": expires, "name": name})).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def source(port: int, **config: str) -> OidcSource:
    issuer = f"http://127.0.0.1:{port}"
    settings = {"idp-issuer-url": issuer, "client-id": "mesh", "refresh-token": "r1", "client-secret": "s"}
    return OidcSource(settings | {key.replace("_", "-"): value for key, value in config.items()}, lambda: NOW)


def answers(port: int, *tokens: dict[str, str]) -> list[Any]:
    discovery = msgspec.json.encode({"token_endpoint": f"http://127.0.0.1:{port}/token"})
    found: list[Any] = []
    for token in tokens:
        body = msgspec.json.encode(token)
        found.append(lambda exchange: exchange.send("200 OK", discovery))
        found.append(lambda exchange, body=body: exchange.send("200 OK", body))
    return found


async def test_a_token_that_has_not_ended_is_used(faulty: Any) -> None:
    token = jwt(NOW + 60)
    assert (await source(faulty.port, id_token=token).current()).token == token
    assert faulty.targets == []


async def test_a_token_that_has_ended_is_refreshed_and_kept(faulty: Any) -> None:
    fresh = jwt(NOW + 60, "fresh")
    faulty.answers = answers(faulty.port, {"id_token": fresh, "refresh_token": "r2"})
    oidc = source(faulty.port, id_token=jwt(NOW - 1))
    assert (await oidc.current()).token == fresh
    assert (await oidc.current()).token == fresh
    assert faulty.targets == ["/.well-known/openid-configuration", "/token"]


async def test_a_refused_token_is_refreshed_with_the_newest_refresh_token(faulty: Any) -> None:
    one, two = jwt(NOW + 60, "one"), jwt(NOW + 60, "two")
    faulty.answers = answers(faulty.port, {"id_token": one, "refresh_token": "r2"}, {"id_token": two})
    oidc = source(faulty.port)
    await oidc.current()
    oidc.refused()
    assert (await oidc.current()).token == two


async def test_what_is_missing_or_wrong_is_said(faulty: Any) -> None:
    with pytest.raises(AccessError, match="refresh-token is missing: sign in again"):
        await source(faulty.port, id_token=jwt(NOW - 1), refresh_token="").current()
    with pytest.raises(AccessError, match="is no JWT"):
        source(faulty.port, id_token="nonsense")
    with pytest.raises(UnreachableError, match=r"http://127.0.0.1:1"):
        await source(1).current()
    faulty.answers = answers(faulty.port, {"refresh_token": "only"})
    with pytest.raises(AccessError, match="gave no id_token"):
        await source(faulty.port).current()
