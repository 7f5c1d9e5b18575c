"""Requests over a network and through servers that misbehave."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.kube.client import Client
from isthmus.kube.errors import AccessError, ApiError, MalformedError, UnreachableError
from isthmus.kube.transport import Call, Timeouts

POD = b'{"metadata":{"name":"a"}}'


def status(code: int, reason: str, **details: Any) -> bytes:
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason.lower()}
    return msgspec.json.encode({**body, "details": details})


async def get(client: Client) -> dict[str, Any]:
    return await client.get(kinds.POD, "a", namespace="n")


async def test_too_many_requests_are_repeated_when_the_server_says(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [
        lambda exchange: exchange.send("429 Too Many Requests", b"", "Retry-After: 0"),
        lambda exchange: exchange.send("503 Unavailable", b"", "Retry-After: 0"),
        lambda exchange: exchange.send("200 OK", POD),
    ]
    assert (await get(faulty_client))["metadata"]["name"] == "a"
    assert len(faulty.targets) == 3


async def test_a_server_error_without_retry_after_is_not_repeated(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [lambda exchange: exchange.send("500 Oops", b"<html>Oops</html>")]
    with pytest.raises(ApiError, match="500 Unknown: <html>Oops"):
        await get(faulty_client)


async def test_patience_ends(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [lambda exchange: exchange.send("429 No", b"", "Retry-After: 0")] * 20
    with pytest.raises(ApiError) as caught:
        await get(faulty_client)
    assert caught.value.status == 429
    assert len(faulty.targets) == 6


async def test_a_refused_token_is_replaced_once(faulty: Any, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")

    async def refuse(exchange: Any) -> None:
        path.write_text("new")
        await exchange.send("401 Unauthorized", status(401, "Unauthorized"))

    faulty.answers = [refuse, lambda exchange: exchange.send("200 OK", POD)]
    async with Client(Access(server=faulty.access().server, token_file=str(path))) as client:
        await get(client)
    assert [headers["authorization"] for headers in faulty.headers] == ["Bearer old", "Bearer new"]


async def test_a_token_that_is_refused_twice_is_an_error(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [lambda exchange: exchange.send("401 Unauthorized", status(401, "Unauthorized"))] * 2
    with pytest.raises(ApiError) as caught:
        await get(faulty_client)
    assert caught.value.status == 401


async def test_redirects_are_not_followed_with_the_token(faulty: Any, faulty_client: Client) -> None:
    faulty.answers = [lambda exchange: exchange.send("302 Found", b"", "Location: http://127.0.0.1:1/")]
    with pytest.raises(ApiError) as caught:
        await get(faulty_client)
    assert caught.value.status == 302
    assert len(faulty.targets) == 1


@pytest.mark.parametrize("body", [b"", b"<html>Sign in</html>", b"[]"])
async def test_a_captive_portals_page_is_not_taken_for_an_answer(
    faulty: Any, faulty_client: Client, body: bytes
) -> None:
    faulty.answers = [lambda exchange: exchange.send("200 OK", body)]
    with pytest.raises(MalformedError, match="not understood"):
        await get(faulty_client)


async def test_a_body_that_breaks_off_is_an_error_of_the_network(faulty: Any, faulty_client: Client) -> None:
    async def half(exchange: Any) -> None:
        exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await exchange.writer.drain()
        exchange.cut()

    faulty.answers = [half]
    with pytest.raises(UnreachableError):
        await get(faulty_client)


async def test_a_server_that_does_not_answer_is_given_up(faulty: Any) -> None:
    async with Client(faulty.access(), timeouts=Timeouts(request=0.1)) as client:
        with pytest.raises(UnreachableError, match="did not answer in time"):
            await get(client)


async def test_a_server_that_is_not_there_is_named() -> None:
    async with Client(Access(server="http://127.0.0.1:1")) as client:
        with pytest.raises(UnreachableError, match=r"http://127.0.0.1:1 is unreachable"):
            await get(client)


async def test_connections_are_used_again(faulty: Any, faulty_client: Client) -> None:
    writers: list[Any] = []

    async def answer(exchange: Any) -> None:
        writers.append(exchange.writer)
        await exchange.send("200 OK", POD)

    faulty.answers = [answer] * 3
    for _ in range(3):
        await get(faulty_client)
    assert len({id(writer) for writer in writers}) == 1


async def test_a_client_that_is_not_open_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await Client(Access(server="http://127.0.0.1:1")).request(Call("GET", "/"))


async def test_a_key_without_its_certificate_is_refused() -> None:
    access = Access(server="https://127.0.0.1:1", client_key_pem=b"x")
    async with Client(access) as client:
        with pytest.raises(AccessError, match="must be given together"):
            await get(client)


async def test_impersonation_is_sent(faulty: Any) -> None:
    access = msgspec.structs.replace(faulty.access(), impersonate="alice", impersonate_groups=("a",))
    faulty.answers = [lambda exchange: exchange.send("200 OK", POD)]
    async with Client(access) as client:
        await get(client)
    assert faulty.headers[0]["impersonate-user"] == "alice"
    assert faulty.headers[0]["impersonate-group"] == "a"
