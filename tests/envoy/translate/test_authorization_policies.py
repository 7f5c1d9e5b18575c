"""Real Envoys enforce AuthorizationPolicies: who the caller is comes from its certificate."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from application import application
from envoy_program import running
from loopback_mesh import Authority, Place, live
from mesh_files import Mesh
from requests_by_hand import http1
from static_bootstrap import resources

HOST = "hello.sample"
PORTS = (5000, 7000)
FORBIDDEN = 403


class Addresses(NamedTuple):
    """Where the proxies listen for their applications' calls, and where the server's pod is."""

    friend: str
    stranger: str
    pod: str


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    block = f"127.{os.getpid() % 200 + 20}"  # keeps concurrent runs apart
    path, authority, mesh = tmp_path_factory.mktemp("policies"), Authority(), Mesh()
    text = (Path(__file__).parent / "mesh_with_policies.yaml").read_text()
    ids = mesh.load(text.replace("@", block))
    app, found = f"{block}.3.1", Addresses(f"{block}.96.11", f"{block}.96.12", f"{block}.2.5")

    def client(account: str, namespace: str, address: str) -> Place:
        keys = authority.secrets(path / f"{account} keys", f"spiffe://cluster.local/ns/{namespace}/sa/{account}")
        return Place(keys, {"0.0.0.0_5000": [(address, 5000)], f"{block}.96.1_7000": [(address, 7000)]})

    server = authority.secrets(path / "server keys", "spiffe://cluster.local/ns/sample/sa/server")
    places = (
        client("friend", "sample", found.friend),
        client("stranger", "other", found.stranger),
        Place(server, {"virtualInbound": [(found.pod, port) for port in PORTS]}, app),
    )
    with ExitStack() as stack:
        stack.enter_context(running(path / "application", application(app, PORTS)))
        for proxy, place in zip(ids, places, strict=True):
            stack.enter_context(running(path / proxy, live(resources(mesh.discovery, proxy), place)))
        yield found


def test_a_caller_that_a_rule_names_is_let_in(addresses: Addresses) -> None:
    assert http1(addresses.friend, 5000, HOST)[0] == 200
    assert http1(addresses.friend, 7000, HOST)[0] == 200


def test_a_caller_that_no_rule_names_is_refused(addresses: Addresses) -> None:
    assert http1(addresses.stranger, 5000, HOST) == (FORBIDDEN, "RBAC: access denied")


def test_a_caller_is_let_in_where_a_rule_names_the_path(addresses: Addresses) -> None:
    assert http1(addresses.stranger, 5000, HOST, "/open")[0] == 200


def test_a_denial_counts_before_permissions(addresses: Addresses) -> None:
    assert http1(addresses.friend, 5000, HOST, "/secret/plan")[0] == FORBIDDEN


def test_a_caller_in_plain_text_is_nobody(addresses: Addresses) -> None:
    assert http1(addresses.pod, 5000, HOST)[0] == FORBIDDEN


def test_a_tcp_port_closes_connections_of_callers_that_no_rule_names(addresses: Addresses) -> None:
    with pytest.raises((OSError, IndexError)):
        http1(addresses.stranger, 7000, HOST)
