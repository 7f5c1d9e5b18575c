"""How kubelet's probes become calls to the application."""

from __future__ import annotations

import asyncio
import socket

import pytest

from isthmus.agent.probes import Prober, exempt_source, http_call, parse_probes
from isthmus.process.http_messages import Request
from isthmus.process.http_server import Response

PATH = "/app-health/app/readyz"


def test_header_fields_of_kubelet_and_of_the_probe_are_passed_on():
    asked = {"path": "up", "port": 8080, "scheme": "HTTPS", "httpHeaders": [{"name": "X-Own", "value": "1"}]}
    call = http_call(asked, "10.0.0.7", {"user-agent": "kube-probe", "host": "x", "connection": "close"})
    assert (call.host, call.port, call.target, call.tls) == ("10.0.0.7", 8080, "/up", True)
    assert call.headers == {"user-agent": "kube-probe", "x-own": "1"}


def test_a_probes_own_host_is_respected():
    assert http_call({"host": "other", "port": 1}, "10.0.0.7", {}).host == "other"
    named = http_call({"port": 1, "httpHeaders": [{"name": "Host", "value": "site"}]}, "10.0.0.7", {})
    assert named.headers == {"host": "site"}


def test_calls_come_from_the_address_that_capture_leaves_alone():
    assert exempt_source("10.0.0.7") == "127.0.0.6"
    assert exempt_source("fd00::7") == "::6"


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def prober(port: int, seconds: float) -> Prober:
    record = {PATH: {"tcpSocket": {"port": port}, "timeoutSeconds": seconds}}
    return Prober(parse_probes(record), "127.0.0.1")


async def probed(prober: Prober) -> Response:
    return await prober.handle(Request("GET", PATH))


async def test_an_application_that_does_not_listen_yet_is_waited_for(port):
    waiting = asyncio.create_task(probed(prober(port, seconds=60)))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    with socket.create_server(("127.0.0.1", port)):
        assert (await waiting).status == 200


async def test_it_is_not_waited_for_longer_than_the_probe_may_take(port):
    async with asyncio.timeout(0.2):
        assert (await probed(prober(port, seconds=0.2))).status == 500


async def test_an_application_that_listened_once_and_is_gone_is_reported_at_once(port):
    patient = prober(port, seconds=3600)
    with socket.create_server(("127.0.0.1", port)):
        assert (await probed(patient)).status == 200
    assert (await probed(patient)).status == 500
