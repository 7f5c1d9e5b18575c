"""Port 15012: who gets in, as whom, and which certificates are issued."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from certificate_client import Agent, authorized
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from delta_client import Proxy, connected, refusal, secure_channel
from log_lines import LogLines
from mesh_cluster import MeshCluster
from plugged_in_ca import Root
from running_plane import RunningPlane, running, settings_of

from isthmus.control_plane.addresses import Address
from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.lab.apiserver import ISSUER, ApiServer, free_ports
from isthmus.xds.order import LISTENER

UNAUTHENTICATED = "UNAUTHENTICATED: request authenticate failure"


@dataclass(frozen=True, slots=True)
class Port:
    """A control plane with a plugged-in CA, and what clients of its TLS port need."""

    plane: RunningPlane
    here: MeshCluster
    root: Root
    intermediate: bytes
    directory: Path
    tls: grpc.ChannelCredentials = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tls", grpc.ssl_channel_credentials(self.root.pem))

    @property
    def host(self) -> str:
        """A name of the serving certificate."""
        return f"istiod.{self.here.system}.svc"

    def proxy(self, *headers: tuple[str, str], tls: grpc.ChannelCredentials | None = None, **metadata: Any) -> Any:
        """A proxy of the test's namespace."""
        who = self.here.proxy(**metadata)
        return connected(self.plane.secure_grpc, who, (tls or self.tls, self.host), *headers)

    def channel(self) -> grpc.aio.Channel:
        """A connection without a client certificate."""
        return secure_channel(self.plane.secure_grpc, self.tls, self.host)

    def uri(self, account: str) -> str:
        """A SPIFFE id in the test's namespace."""
        return f"spiffe://cluster.local/ns/{self.here.app}/sa/{account}"


@pytest.fixture
async def port(access: Access, here: MeshCluster, tmp_path: Path) -> AsyncIterator[Port]:
    root = Root()
    directory = tmp_path / "cacerts"
    intermediate = root.write_intermediate("first", directory)
    async with running(settings_of(here.system, ca_directory=directory), access) as plane:
        yield Port(plane, here, root, intermediate, directory)


async def served(proxy: Proxy) -> None:
    await proxy.until(lambda proxy: "virtualInbound" in proxy.resources[LISTENER])


async def test_a_service_accounts_token_for_the_ca_lets_its_proxy_in(port: Port) -> None:
    token = await port.here.token("client", "istio-ca")
    async with port.proxy(*authorized(token), SERVICE_ACCOUNT="client") as proxy:
        await served(proxy)


async def test_a_token_for_somebody_else_lets_nobody_in(port: Port, logs: LogLines) -> None:
    token = await port.here.token("client", "somebody-else")
    assert await refusal(port.channel(), *authorized(token)) == UNAUTHENTICATED
    assert logs.find("caller not believed", "token", cluster="cluster1")
    assert not logs.find(token)


async def test_without_a_token_and_without_a_certificate_nobody_gets_in(port: Port) -> None:
    assert await refusal(port.channel()) == UNAUTHENTICATED


async def test_a_token_of_a_cluster_that_is_not_joined_lets_nobody_in(port: Port, there: MeshCluster) -> None:
    token = await there.token("client", "istio-ca")
    for cluster in ("cluster1", "cluster2", ""):
        assert await refusal(port.channel(), *authorized(token, cluster)) == UNAUTHENTICATED


async def test_an_expired_token_lets_nobody_in(port: Port, apiserver: ApiServer) -> None:
    await port.here.token("client", "istio-ca")
    account = await port.here.client.get(kinds.SERVICE_ACCOUNT, "client", namespace=port.here.app)
    key = next(apiserver.directory.glob("**/sa.key")).read_bytes()

    def token(age: int) -> str:
        start = int(time.time()) - age
        subject = {"name": "client", "uid": account["metadata"]["uid"]}
        claims = {
            "iss": ISSUER,
            "sub": f"system:serviceaccount:{port.here.app}:client",
            "aud": ["istio-ca"],
            "iat": start,
            "nbf": start,
            "exp": start + 3600,
            "kubernetes.io": {"namespace": port.here.app, "serviceaccount": subject},
        }
        return jwt.encode(claims, key, "RS256")

    assert await refusal(port.channel(), *authorized(token(age=7200))) == UNAUTHENTICATED
    async with port.proxy(*authorized(token(age=0))) as proxy:
        await served(proxy)


async def test_a_proxy_is_who_its_token_says_and_nobody_else(port: Port) -> None:
    token = await port.here.token("client", "istio-ca")
    for claim in ({"NAMESPACE": port.here.system}, {"SERVICE_ACCOUNT": "admin"}):
        async with port.proxy(*authorized(token), **claim) as proxy:
            ending = await proxy.ending()
        assert ending.startswith("PERMISSION_DENIED: ")
        assert f"the caller proved {port.uri('client')}" in ending


async def test_a_certificate_comes_with_its_chain_and_opens_the_port_without_a_token(port: Port) -> None:
    token = await port.here.token("client", "istio-ca")
    agent = Agent.of(port.uri("client"))
    async with port.channel() as channel:
        chain = await agent.certify(channel, token)
    assert chain[1:] == [port.intermediate.decode(), port.root.pem.decode(), port.root.pem.decode()]
    async with port.proxy(tls=agent.credentials(port.root.pem, chain), SERVICE_ACCOUNT="client") as proxy:
        await served(proxy)
    async with port.proxy(tls=agent.credentials(port.root.pem, chain), SERVICE_ACCOUNT="admin") as proxy:
        assert (await proxy.ending()).startswith("PERMISSION_DENIED")


async def test_a_proxy_of_a_cluster_that_is_not_joined_gets_in_by_its_certificate_on_the_port_of_istio_1_1(
    access: Access, here: MeshCluster, there: MeshCluster, tmp_path: Path
) -> None:
    root, directory = Root(), tmp_path / "cacerts"
    root.write_intermediate("first", directory)
    address = Address("127.0.0.1", free_ports(1)[0])
    settings = settings_of(here.system, ca_directory=directory, legacy_secure_grpc=address)
    agent = Agent.of(f"spiffe://cluster.local/ns/{here.app}/sa/client")
    foreign = authorized(await there.token("client", "istio-ca"), "nobody-knows-it")
    async with running(settings, access) as plane:
        tls = grpc.ssl_channel_credentials(root.pem)
        async with secure_channel(plane.secure_grpc, tls, f"istiod.{here.system}.svc") as channel:
            chain = await agent.certify(channel, await here.token("client", "istio-ca"))
        target, name = f"{address.host}:{address.port}", f"istio-pilot.{here.system}.svc"
        shown = agent.credentials(root.pem, chain)
        async with connected(target, here.proxy(SERVICE_ACCOUNT="client"), (shown, name), *foreign) as proxy:
            await served(proxy)


async def test_leaves_have_the_profile_that_peers_expect(port: Port) -> None:
    token = await port.here.token("client", "istio-ca")
    async with port.channel() as channel:
        chain = await Agent.of(port.uri("client")).certify(channel, token)
    leaf = x509.load_pem_x509_certificate(chain[0].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert (names.critical, [name.value for name in names.value]) == (True, [port.uri("client")])
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {*usages} == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(hours=1, minutes=2)


async def test_nobody_gets_a_certificate_for_another_identity(port: Port, logs: LogLines) -> None:
    token = await port.here.token("client", "istio-ca")
    async with port.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await Agent.of(port.uri("admin")).certify(channel, token)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert logs.find("certificate not issued", "sa/admin", identity=port.uri("client"))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await Agent.of(port.uri("client")).certify(channel, await port.here.token("client", "another"))
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_token_is_reviewed_by_the_cluster_that_it_is_from(port: Port, there: MeshCluster) -> None:
    await port.here.remote_secret("remote", cluster2=await there.reader_kubeconfig())
    await port.plane.until_cluster("cluster2", lambda entry: entry["syncStatus"] == "synced")
    token = await there.token("client", "istio-ca")
    async with port.proxy(*authorized(token, "cluster2")) as proxy:
        await served(proxy)
    assert await refusal(port.channel(), *authorized(token, "cluster1")) == UNAUTHENTICATED
