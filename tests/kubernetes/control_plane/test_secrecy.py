"""Nothing that is secret is said: canaries go in wherever secrets go in, and everything that comes out is searched."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import grpc
import pytest
from aiohttp import web
from certificate_client import Agent, authorized
from delta_client import connected, node, secure_channel
from log_lines import LogLines
from mesh_cluster import MeshCluster, kubeconfig
from running_plane import RunningPlane, running, settings_of

from isthmus.kube import kinds
from isthmus.kube.access import Access
from isthmus.lab.apiserver import free_ports
from isthmus.protos import pb
from isthmus.xds.debug import CONFIG_DUMP, SYNCZ
from isthmus.xds.order import DEBUG
from isthmus.xds.variants import DELTA

CANARY = "CaNaRyOfSecrets"
PEM = "-----BEGIN {0}-----\n{1}\n-----END {0}-----\n"


def canary(place: str) -> str:
    """A secret that tells where it leaked from."""
    return f"{CANARY}-{place}"


def leaks(text: str) -> list[str]:
    """Where secrets stand in a text, plain or in base64 (at any of the three offsets)."""
    forms = {CANARY, *(base64.b64encode(b"." * pad + CANARY.encode())[4:-4].decode() for pad in (0, 1, 2))}
    return [text[max(0, at - 200) : at + 100] for form in forms if (at := text.find(form)) >= 0]


@pytest.fixture
async def parrot() -> AsyncIterator[str]:
    """An API server that answers with everything it was sent."""

    async def repeat(request: web.Request) -> web.Response:
        return web.Response(status=500, text=f"{dict(request.headers)} {request.url}")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", repeat)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"127.0.0.1:{port}"
    await runner.cleanup()


async def everything_shown(plane: RunningPlane, logs: LogLines, caplog: pytest.LogCaptureFixture) -> dict[str, str]:
    """All outputs of a control plane, by their names."""
    found = {"log": "\n".join(map(str, logs.find())), "libraries": caplog.text}
    for name in [*await plane.page("list"), "nosuch", *(f"collections?name={one}" for one in await collections(plane))]:
        status, body = await plane.get(f"debug/{name}")
        found[f"/debug/{name}"] = f"{status} {body.decode()}"
    for page in ("config_dump", "edsz", "ndsz"):
        for proxy in ("client", "edge"):
            _, body = await plane.get(f"debug/{page}?proxyID={proxy}&include_eds")
            found[f"/debug/{page} of {proxy}"] = body.decode()
    async with aiohttp.ClientSession() as session, session.get(plane.url("metrics", monitoring=True)) as answer:
        found["/metrics"] = await answer.text()
    return found


async def collections(plane: RunningPlane) -> list[str]:
    return list((await plane.page("collections"))["collections"])


async def write_gateway(here: MeshCluster) -> None:
    """A TLS Secret, and a Gateway that serves it."""
    metadata = {"name": "cert", "namespace": here.app}
    data = {"tls.crt": PEM.format("CERTIFICATE", "AAAA"), "tls.key": PEM.format("PRIVATE KEY", canary("tls-key"))}
    for name, content in (("cert", data), ("odd", {"tls.key": canary("odd-key"), "other": canary("other")})):
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata | {"name": name}, "stringData": content}
        await here.client.apply(kinds.SECRET, body | {"type": "Opaque"})
    servers = [
        {"port": {"number": 443 + at, "name": f"https{at}", "protocol": "HTTPS"}, "hosts": ["*"],
         "tls": {"mode": "SIMPLE", "credentialName": name}}
        for at, name in enumerate(("cert", "odd"))
    ]  # fmt: skip
    gateway = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata}
    await here.client.apply(kinds.GATEWAY, gateway | {"spec": {"selector": {"app": "edge"}, "servers": servers}})


def remote_kubeconfigs(parrot: str, authority: bytes) -> Mapping[str, bytes]:
    """Kubeconfigs that fail in different ways, each with secrets."""
    (closed,) = free_ports(1)
    token = canary("remote-token")
    good = kubeconfig("https://127.0.0.1:1", authority, token).decode()
    key = base64.b64encode(PEM.format("PRIVATE KEY", canary("client-key")).encode()).decode()
    return {
        "unreachable": kubeconfig(f"https://127.0.0.1:{closed}", authority, token),
        "repeating": kubeconfig(f"http://{parrot}", authority, token),
        "with-password": kubeconfig(f"http://me:{canary('url-password')}@{parrot}", authority, token),
        "through-proxy": good.replace(
            "server:", f"proxy-url: http://me:{canary('proxy')}@127.0.0.1:{closed}\n    server:"
        ).encode(),
        "no-yaml": f"users:\n- user: {{token: {token}\n  : : {token}".encode(),
        "wrong-type": good.replace(f"token: {token}", f"token: [{token}]").encode(),
        "odd-key": good.replace(
            f"token: {token}", f"client-certificate-data: {key}\n    client-key-data: {key}"
        ).encode(),
        "password": good.replace(f"token: {token}", f"username: me\n    password: {canary('password')}").encode(),
        "exec": good.replace(
            f"token: {token}", f"exec: {{command: /bin/sh, args: [{canary('argument')}]}}"
        ).encode(),
        "other-kind": f"kind: Config\ncurrent-context: x\ntoken: {token}".encode(),
    }  # fmt: skip


async def test_no_secret_is_in_any_output(
    access: Access, here: MeshCluster, logs: LogLines, parrot: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await here.service("web")
    await write_gateway(here)
    async with running(settings_of(here.system), access) as plane:
        curse_rows_of_secrets(plane)
        edge = node("edge", here.app, "cluster1", "router", NETWORK=here.network)
        async with connected(plane.grpc, here.proxy()) as client, connected(plane.grpc, edge) as gateway:
            for proxy in (client, gateway):
                await proxy.until(lambda one: one.responses > 2)
            shown = await provoked(plane, here, remote_kubeconfigs(parrot, access.ca_pem or b""), logs)
            shown |= await everything_shown(plane, logs, caplog)
    leaked = {name: leaks(text) for name, text in shown.items() if leaks(text)}
    assert leaked == {}
    assert "remote cluster" in shown["log"]


def curse_rows_of_secrets(plane: RunningPlane) -> None:
    """A bug whose message shows the row that it met, as messages of bugs do."""
    secrets: Any = plane.plane.graph.host.graph.collections["secrets"]

    def broken(_ctx: Any, key: Any, row: Any) -> Any:
        raise ValueError(f"cannot make {key} of {row!r}")

    secrets.fn = broken


async def provoked(
    plane: RunningPlane, here: MeshCluster, remotes: Mapping[str, bytes], logs: LogLines
) -> dict[str, str]:
    """What clients are told that come with secrets which nobody believes."""
    for name, content in remotes.items():
        await here.remote_secret(name, **{name: content})
    token = canary("bearer")
    told: dict[str, str] = {}
    await logs.until("roots published", namespace=here.app)
    config_map = await here.client.get(kinds.CONFIG_MAP, "istio-ca-root-cert", namespace=here.app)
    tls = (grpc.ssl_channel_credentials(config_map["data"]["root-cert.pem"].encode()), f"istiod.{here.system}.svc")
    async with connected(plane.secure_grpc, here.proxy(), tls, *authorized(token)) as proxy:
        told["ADS"] = await proxy.ending()
    async with secure_channel(plane.secure_grpc, *tls) as channel:
        try:
            await Agent.of("spiffe://cluster.local/ns/a/sa/b").certify(channel, token)
        except grpc.aio.AioRpcError as error:
            told["CA"] = str(error)
    await here.gateway("192.0.2.1")
    real = await here.token("reader", "istio-ca", namespace=here.system)
    for type_url, name in ((SYNCZ, ""), (CONFIG_DUMP, "edge"), (DEBUG, "config_dump?proxyID=edge"), (DEBUG, "configz")):
        told[f"ADS {type_url} {name}"] = await debug_page(plane, here, tls, real, (type_url, name))
    _, body = await plane.get("debug/clusterz", Authorization=f"Bearer {token}")
    told["HTTP"] = body.decode()
    for name in ("unreachable", "repeating", "through-proxy"):
        await plane.until_cluster(name, lambda found: found["error"])
    for name in ("no-yaml", "wrong-type", "exec", "with-password"):
        await logs.until(name)
    return told


async def debug_page(plane: RunningPlane, here: MeshCluster, tls: Any, token: str, page: tuple[str, str]) -> str:
    """A page over ADS, as istioctl asks for it."""
    type_url, name = page
    who = node("istioctl", here.system, "cluster1", PROXY_CONFIG=None)
    names = [name] if name else []
    request = pb("envoy.service.discovery.v3.DeltaDiscoveryRequest")(
        node=who, type_url=type_url, resource_names_subscribe=names
    )
    async with secure_channel(plane.secure_grpc, *tls) as channel:
        call = channel.stream_stream(DELTA.method, None, None)(metadata=authorized(token))
        await call.write(request.SerializeToString())
        async with asyncio.timeout(30):
            answer = await call.read()
    assert isinstance(answer, bytes), f"{await call.code()} {await call.details()}"
    return answer.decode("latin-1")


def test_the_search_finds_what_it_is_to_find() -> None:
    assert leaks(f"x {canary('a')} y")
    for pad in range(3):
        assert leaks(base64.b64encode(b"p" * pad + canary("a").encode()).decode())
    assert not leaks("nothing")
