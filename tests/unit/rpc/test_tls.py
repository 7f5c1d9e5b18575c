"""One TLS port for clients with a certificate and without, whose certificates change while it runs."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import grpc
import msgspec
import pytest
from grpclib.const import Cardinality, Handler

from isthmus.model.identity import Credentials
from isthmus.rpc import framing
from isthmus.rpc.credentials import credentials_of
from isthmus.rpc.server import RpcServer
from isthmus.rpc.tls import ServerTls

METHOD = "/test.Whoami/Tell"


class Whoami:
    """Tells a client which credentials it offered."""

    def __mapping__(self) -> dict[str, Handler]:
        return {METHOD: Handler(self._tell, Cardinality.UNARY_UNARY, bytes, bytes)}

    async def _tell(self, raw) -> None:
        await framing.read(raw, 100)
        await raw.send_message(msgspec.json.encode(credentials_of(raw)))


@pytest.fixture
def tls(mesh) -> ServerTls:
    result = ServerTls()
    pair = mesh.server()
    result.load(pair.chain, pair.key, mesh.roots)
    return result


@pytest.fixture
async def port(tls) -> AsyncIterator[int]:
    server = RpcServer()
    yield await server.listen([Whoami()], "127.0.0.1", 0, tls)
    await server.close()


def channel(port: int, roots: bytes, pair: tuple[bytes, bytes] = (None, None)):
    chain, key = pair
    options = [("grpc.use_local_subchannel_pool", 1)]
    return grpc.aio.secure_channel(f"localhost:{port}", grpc.ssl_channel_credentials(roots, key, chain), options)


async def whoami(open_channel, *metadata: tuple[str, str]) -> Credentials:
    answer = await open_channel.unary_unary(METHOD)(b"", metadata=metadata, timeout=10)
    return msgspec.json.decode(answer, type=Credentials)


async def test_a_client_without_a_certificate_is_served_with_its_token(port, mesh):
    async with channel(port, mesh.roots) as open_channel:
        offered = await whoami(open_channel, ("authorization", "bearer  abc "), ("clusterid", "c1"))
    assert (offered.token, offered.cluster, offered.uris, offered.expiry) == ("abc", "c1", (), None)
    assert offered.peer == "127.0.0.1"


async def test_other_authorization_schemes_are_no_token(port, mesh):
    async with channel(port, mesh.roots) as open_channel:
        assert (await whoami(open_channel, ("authorization", "Basic abc"))).token == ""


async def test_a_client_certificate_is_seen_with_its_name_and_end(port, mesh):
    async with channel(port, mesh.roots, mesh.client("web")) as open_channel:
        offered = await whoami(open_channel)
    assert offered.uris == ("spiffe://cluster.local/ns/shop/sa/web",)
    assert offered.expiry > 0


async def test_a_certificate_of_another_mesh_is_refused(port, mesh, stranger):
    async with channel(port, mesh.roots, stranger.client("web")) as open_channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await whoami(open_channel)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_new_connections_use_the_newest_certificate_and_old_ones_go_on(port, tls, mesh, stranger):
    async with channel(port, mesh.roots) as old:
        await whoami(old)
        pair = stranger.server()
        tls.load(pair.chain, pair.key, stranger.roots)
        await whoami(old)
        async with channel(port, stranger.roots, stranger.client("web")) as new:
            assert (await whoami(new)).uris
        async with channel(port, stranger.roots, mesh.client("web")) as forgotten:
            with pytest.raises(grpc.aio.AioRpcError):
                await whoami(forgotten)


async def test_a_pair_that_does_not_fit_changes_nothing(port, tls, mesh):
    with pytest.raises(ssl.SSLError):
        tls.load(mesh.server().chain, mesh.server().key, mesh.roots)
    async with channel(port, mesh.roots) as open_channel:
        await whoami(open_channel)
