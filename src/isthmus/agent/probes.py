"""Probes of the application, asked for by kubelet at the agent and passed on.

Knows: the record that the injector leaves of each probe, and how kubelet would have run it.
Does not know when probes are due.

A probe that finds nobody listening yet waits for the application, within its time limit: the first probes come as
soon as the container has started, and each that fails costs the pod up to a second of readiness.

The application is called at the pod's own address, as kubelet would, from the address that the capture
rules exempt: from any other the call would be redirected into Envoy and be held to mTLS.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from isthmus.process.http_client import Call, fetch
from isthmus.process.http_messages import HttpError, Request
from isthmus.process.http_server import Response
from isthmus.process.variables import SettingError

PREFIXES = ("/app-health/", "/app-lifecycle/")
_EXEMPT_SOURCES = {4: "127.0.0.6", 6: "::6"}
_BODY_LIMIT = 10 * 1024
_PAUSE_SECONDS = 0.02
_HELD_SHARE = 0.8
"""How much of a probe's time limit it may wait for the application; the rest is for kubelet to hear of it."""
_HOP_BY_HOP = frozenset({"connection", "host", "keep-alive", "transfer-encoding", "content-length", "upgrade"})


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe; exactly one of ``http``, ``tcp`` and ``grpc`` is set, in Kubernetes' own form."""

    http: Mapping[str, Any] | None
    tcp: Mapping[str, Any] | None
    grpc: Mapping[str, Any] | None
    seconds: float


def parse_probes(probers: Mapping[str, Any]) -> dict[str, Probe]:
    """Probes by the path that kubelet asks for; ``SettingError`` when the record is not the injector's."""
    try:
        return {path: _parse(prober) for path, prober in probers.items()}
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise SettingError(f"ISTIO_KUBE_APP_PROBERS: {error}; it is written by the injector") from None


def _parse(prober: Mapping[str, Any]) -> Probe:
    probe = Probe(
        http=prober.get("httpGet"),
        tcp=prober.get("tcpSocket"),
        grpc=prober.get("grpc"),
        seconds=float(prober.get("timeoutSeconds") or 1),
    )
    called = [one for one in (probe.http, probe.tcp, probe.grpc) if one is not None]
    if len(called) != 1:
        raise ValueError(f"a probe has exactly one of httpGet, tcpSocket and grpc, found {len(called)}")
    port = int(called[0].get("port"))  # type: ignore[arg-type]  # None is a TypeError
    if not 0 < port < 65536:
        raise ValueError(f"port {port} of a probe is none")
    if probe.http is not None:
        http_call(probe.http, "", {})
    return probe


class Prober:
    """Runs the probes of one pod."""

    def __init__(self, probes: Mapping[str, Probe], pod_address: str) -> None:
        self._probes = probes
        self._host = pod_address or "127.0.0.1"
        self._met: set[str] = set()  # whom a probe has found listening once is not waited for again

    async def handle(self, request: Request) -> Response:
        """The application's answer: its own status over HTTP, 200 or 500 otherwise, 404 for an unknown path."""
        probe = self._probes.get(request.path)
        if probe is None:
            return Response(404, f"no probe at {request.path}\n".encode())
        try:
            return await self._run_once_there(probe, request)
        except (OSError, TimeoutError, HttpError) as error:
            return Response(500, f"{error or type(error).__name__}\n".encode())

    async def _run_once_there(self, probe: Probe, request: Request) -> Response:
        clock = asyncio.get_running_loop().time
        limit = clock() + probe.seconds * _HELD_SHARE
        while True:
            try:
                response = await self._run(probe, request)
            except ConnectionRefusedError:
                if request.path in self._met or clock() >= limit:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                self._met.add(request.path)
                return response

    async def _run(self, probe: Probe, request: Request) -> Response:
        if probe.http is not None:
            call = http_call(probe.http, self._host, request.headers)
            return await _from_exempt_source(call, probe.seconds)
        if probe.tcp is not None:
            await _connect(probe.tcp.get("host") or self._host, int(probe.tcp["port"]), probe.seconds)
            return Response(200)
        assert probe.grpc is not None, "the injector writes http, tcp or grpc"
        return await _check_health(self._host, probe.grpc, probe.seconds)


def http_call(probe: Mapping[str, Any], pod_host: str, headers: Mapping[str, str]) -> Call:
    """The request of an ``httpGet`` probe: kubelet's own header fields, then those that the probe asks for."""
    path = str(probe.get("path") or "/")
    passed = {name: value for name, value in headers.items() if name not in _HOP_BY_HOP}
    asked = {str(field["name"]).lower(): str(field.get("value", "")) for field in probe.get("httpHeaders") or ()}
    return Call(
        host=probe.get("host") or pod_host,
        port=int(probe["port"]),
        target=path if path.startswith("/") else f"/{path}",
        headers={**passed, **asked},
        tls=str(probe.get("scheme", "")).upper() == "HTTPS",
    )


def exempt_source(host: str) -> str:
    """The local address whose connections the capture rules leave alone."""
    return _EXEMPT_SOURCES[6 if ":" in host else 4]


async def _from_exempt_source(call: Call, seconds: float) -> Response:
    try:
        answer = await fetch(replace(call, source=exempt_source(call.host)), seconds, _BODY_LIMIT)
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise
        answer = await fetch(call, seconds, _BODY_LIMIT)  # a pod without capture rules has no such address
    return Response(answer.status, answer.body)


async def _connect(host: str, port: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        try:
            _, writer = await asyncio.open_connection(host, port, local_addr=(exempt_source(host), 0))
        except OSError as error:
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise
            _, writer = await asyncio.open_connection(host, port)
        writer.close()


async def _check_health(host: str, probe: Mapping[str, Any], seconds: float) -> Response:
    from isthmus.agent.grpc_health import serving

    service = probe.get("service") or ""
    if await serving(host, int(probe["port"]), service, seconds):
        return Response(200)
    return Response(500, f"service {service!r} does not serve\n".encode())
