"""A real Envoy whose listener's key comes over discovery: late, and withdrawn again."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
from envoy_configuration import bootstrap, cluster, endpoints, listener, route
from running_envoy import free_port, until

from isthmus.ca.selfsigned import RootProfile, create_root
from isthmus.ca.serving import issue_serving
from isthmus.protos import pb, to_any
from isthmus.xds import order

HOST = "shop.example.com"
KEY = "kubernetes://shop"
ROOT = create_root(RootProfile(), datetime.now(UTC))
TLS = "envoy.extensions.transport_sockets.tls.v3"


def secret() -> Any:
    pair = issue_serving(ROOT, (HOST,), 3600, datetime.now(UTC))
    content = {"certificate_chain": {"inline_bytes": pair.chain}, "private_key": {"inline_bytes": pair.key}}
    return pb(f"{TLS}.Secret")(name=KEY, tls_certificate=content)


def behind_tls(port: int) -> Any:
    source = {"name": KEY, "sds_config": {"ads": {}, "resource_api_version": "V3"}}
    common = {"tls_certificate_sds_secret_configs": [source]}
    context = to_any(pb(f"{TLS}.DownstreamTlsContext")(common_tls_context=common))
    result = listener(port, "80")
    result.filter_chains[0].transport_socket.name = "tls"
    result.filter_chains[0].transport_socket.typed_config.CopyFrom(context)
    return result


async def answer(port: int) -> str:
    """What the listener's server says over TLS; the error's name when it does not come to that."""
    trust = ssl.create_default_context(cadata=ROOT.roots.decode())
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname=HOST)
    except (OSError, ssl.SSLError) as error:
        return type(error).__name__
    writer.write(f"GET / HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n".encode())
    body = (await reader.read()).rpartition(b"\n")[2].decode()
    writer.close()
    return body


@pytest.mark.parametrize("variant", ["DELTA_GRPC", "GRPC"])
async def test_a_key_that_comes_late_is_used_and_one_that_is_withdrawn_stays_in_use(
    variant, control_plane, envoy, backend
):
    plane = control_plane()
    port = free_port()
    plane.store.put(behind_tls(port), route("80", "a"), cluster("a"), endpoints("a", await backend("hello")))
    await envoy(bootstrap(await plane.listen(), variant))
    await until(lambda: any(order.SECRET in stream.ledgers for stream in plane.xds.connections))
    assert await answer(port) != "hello"

    plane.store.put(secret())
    await until(lambda: plane.acknowledged(order.SECRET))
    async with asyncio.timeout(30):
        while await answer(port) != "hello":
            pass

    plane.store.put(removed={order.SECRET: {KEY}})
    await until(lambda: not any(stream.pending for stream in plane.xds.connections))
    plane.store.put(endpoints("a", await backend("still")))
    async with asyncio.timeout(30):
        while (said := await answer(port)) != "still":
            assert said == "hello"
