"""Access logs that real Envoys write, in Istio's default format, as JSON, and in formats of users."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from envoy_program import until
from gateway_mesh import HOST, Proxies, gateway_mesh
from requests_by_hand import http1

GATEWAY_CLUSTER = "outbound_.7000_._.hello.sample.svc.cluster.local"
CLIENT_CLUSTER = "outbound|5000||hello.sample.svc.cluster.local"


def logged(file: Path, wanted: str, count: int = 1) -> list[str]:
    """The lines with a text in them, once there are so many; Envoy writes them a moment later."""
    found: list[str] = []

    def complete() -> bool:
        found[:] = [line for line in file.read_text().splitlines() if wanted in line]
        return len(found) >= count

    until(complete)
    return found


def called(path: Path, log: str, *wanted: str) -> tuple[Path, Proxies]:
    """The log of three proxies after a request and a connection through all of them, and one that none wants.

    Returns once all `wanted` texts are in it: Envoy writes when a connection has ended, every few seconds.
    """
    file = path / "access.log"
    with gateway_mesh(path / "mesh", f"accessLogFile: {json.dumps(str(file))}, {log}") as proxies:
        assert http1(proxies.vip, 5000, HOST)[0] == http1(proxies.vip, 7000, HOST)[0] == 200
        with pytest.raises((OSError, IndexError)):
            http1(proxies.gateway_address, 15443, HOST)
        for text in wanted:
            logged(file, text)
    return file, proxies


@pytest.fixture
def mesh_directory(tmp_path: Path) -> Path:
    (tmp_path / "mesh").mkdir()
    return tmp_path


def test_a_line_of_the_default_format_tells_who_answered(mesh_directory: Path) -> None:
    file, proxies = called(mesh_directory, "accessLogEncoding: TEXT", CLIENT_CLUSTER)
    (line,) = logged(file, CLIENT_CLUSTER)
    assert re.fullmatch(
        r'\[\S+Z\] "GET / HTTP/1\.1" 200 - via_upstream - "-" 0 \d+ \d+ \d+ "-" "-" "[0-9a-f-]{36}" "hello\.sample" '
        rf'"{proxies.gateway_address}:15443" {re.escape(CLIENT_CLUSTER)} \S+ {proxies.vip}:5000 \S+:\d+ - default',
        line,
    ), line


def test_a_gateway_logs_connections_that_it_passes_on_and_those_that_no_chain_takes(mesh_directory: Path) -> None:
    file, proxies = called(mesh_directory, "accessLogEncoding: TEXT", " NR ", f'" {GATEWAY_CLUSTER} ')
    (passed,) = logged(file, f'"{proxies.pod}:7000" {GATEWAY_CLUSTER} ')
    assert '] "- - -" 0 - - - "-" ' in passed
    assert passed.endswith(f" {GATEWAY_CLUSTER} -")
    (refused,) = logged(file, " NR ")
    assert '] "- - -" 0 NR filter_chain_not_found - "-" 0 0 ' in refused


def test_json_has_the_same_fields_under_istios_names(mesh_directory: Path) -> None:
    file, proxies = called(mesh_directory, "accessLogEncoding: JSON", CLIENT_CLUSTER)
    line = json.loads(logged(file, CLIENT_CLUSTER)[0])
    assert line["upstream_host"] == f"{proxies.gateway_address}:15443"
    assert line["response_code"] == 200
    assert (line["method"], line["path"], line["route_name"]) == ("GET", "/", "default")
    assert len(line) == 24


def test_users_choose_the_format_of_either_encoding(mesh_directory: Path) -> None:
    form = '"%UPSTREAM_CLUSTER_RAW% %RESPONSE_FLAGS% said %RESPONSE_CODE%"'
    file, _ = called(mesh_directory, f"accessLogFormat: {form}", "said 200")
    assert f"{CLIENT_CLUSTER} - said 200" in file.read_text().splitlines()
