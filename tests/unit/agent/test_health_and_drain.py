"""What Envoy's statistics say about readiness and open connections, and how long a proxy drains."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from isthmus.agent.drain import Drainer, count_active
from isthmus.agent.envoy import Envoy
from isthmus.agent.health import missing_configuration
from isthmus.agent.settings import Drain, Settings


def stats(cds: int, lds: int, refused: int = 0) -> str:
    return (
        f"cluster_manager.cds.update_rejected: {refused}\ncluster_manager.cds.update_success: {cds}\n"
        f"listener_manager.lds.update_rejected: 0\nlistener_manager.lds.update_success: {lds}\n"
    )


def test_accepted_clusters_and_listeners_are_enough():
    assert missing_configuration(stats(1, 1)) == ""
    assert missing_configuration(stats(3, 1, refused=2)) == "", "a later refusal leaves what was accepted"


def test_what_is_missing_is_named_with_its_reason():
    assert missing_configuration(stats(1, 0)) == ("no configuration yet: listeners not received from the control plane")
    assert missing_configuration("") == (
        "no configuration yet: clusters and listeners not received from the control plane"
    )
    assert "refused by Envoy" in missing_configuration(stats(0, 0, refused=1))


def test_only_connections_of_the_workload_count():
    text = (
        "listener.0.0.0.0_15006.downstream_cx_active: 3\nlistener.0.0.0.0_15021.downstream_cx_active: 5\n"
        "listener.[__]_15090.downstream_cx_active: 5\nlistener.admin.downstream_cx_active: 1\n"
        "listener.10.1.2.3_80.downstream_cx_active: 2\nserver.live: 1\n"
    )
    assert count_active(text, (15021, 15090)) == 5


class Draining:
    """An Envoy that has an open connection for so many seconds, by the drain's own clock."""

    def __init__(self, open_seconds: float) -> None:
        self.clock, self.open_seconds, self.ended = 0.0, open_seconds, -1.0
        self.running, self.admin = True, self

    async def post(self, _: str) -> None: ...

    async def get(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(
            body=f"listener.[__]_15443.downstream_cx_active: {self.clock < self.open_seconds:d}".encode()
        )

    async def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def terminate(self) -> None:
        self.ended = self.clock

    async def wait(self) -> None: ...


def drained_after(proxy_type: str, open_seconds: float, **changes: Any) -> float:
    """How long a proxy drains whose connections stay open for so long."""
    drain = Drain(listener_seconds=45, termination_seconds=5, minimum_seconds=2, until_no_connections=False)
    ports = SimpleNamespace(envoy_status=15021, envoy_prometheus=15090)
    settings = SimpleNamespace(proxy_type=proxy_type, ports=ports, drain=replace(drain, **changes))
    envoy = Draining(open_seconds)
    asyncio.run(Drainer(cast(Envoy, envoy), cast(Settings, settings), envoy.sleep).finish())
    return envoy.ended


def test_a_sidecar_drains_for_its_time_whatever_is_open():
    assert drained_after("sidecar", open_seconds=60) == 5


def test_a_gateway_waits_for_clients_to_leave_it_but_not_for_ever():
    assert drained_after("router", open_seconds=0) == 5
    assert drained_after("router", open_seconds=9.5) == 10
    assert drained_after("router", open_seconds=60) == 15
    assert drained_after("router", open_seconds=60, termination_seconds=1) == 3


def test_a_proxy_that_shall_wait_for_its_connections_does_so():
    assert drained_after("sidecar", open_seconds=60, until_no_connections=True) == 60
