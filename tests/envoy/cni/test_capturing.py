"""A pod's rules, installed from outside in a real network namespace."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator

import msgspec
import pytest

from isthmus.capture import arguments
from isthmus.capture.command import text
from isthmus.cni.capturing import CaptureError, capture
from isthmus.cni.decision import Decision, decide
from isthmus.cni.pods import Pod
from isthmus.process.variables import Variables

POD = {
    "metadata": {"namespace": "default", "annotations": {"sidecar.istio.io/status": "{}"}},
    "spec": {
        "containers": [
            {
                "name": "istio-proxy",
                "args": ["proxy", "sidecar"],
                "env": [{"name": "ISTIO_META_DNS_CAPTURE", "value": "true"}],
            }
        ]
    },
}
LANGUAGES = pytest.mark.parametrize("nftables", [False, True], ids=["iptables", "nftables"])


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"pod-{uuid.uuid4().hex[:6]}"
    subprocess.run(("ip", "netns", "add", name), check=True)
    yield f"/run/netns/{name}"
    subprocess.run(("ip", "netns", "del", name), check=True)


def inside(namespace: str, *command: str) -> list[str]:
    done = subprocess.run(("nsenter", f"--net={namespace}", *command), capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if not line.startswith(("#", ":"))]


def wanted(decision: Decision) -> list[str]:
    """The rules as the pod's own init container would load them."""
    values, _ = arguments.parser().parse_known_args(list(decision.options))
    surroundings = arguments.Surroundings(ipv6=False, name_servers=())
    rules = text(arguments.capture(vars(values), Variables(decision.variables), surroundings), nftables=False)
    return [line for line in rules.splitlines() if line.startswith("-A ")]


@LANGUAGES
async def test_the_pods_namespace_gets_the_rules_and_the_agents_own_none(namespace: str, nftables: bool) -> None:
    decision = decide(msgspec.convert(POD, Pod), (), nftables)
    before = inside("/proc/self/ns/net", "nft", "list", "tables")
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        await capture(decision, descriptor)
        first = inside(namespace, "nft", "list", "tables")
        await capture(decision, descriptor)
    finally:
        os.close(descriptor)
    assert inside(namespace, "nft", "list", "tables") == first, "once more changes nothing"
    assert ("table inet istio-proxy-nat" in first) == nftables
    if not nftables:
        saved = [line for line in inside(namespace, "iptables-save") if line.startswith("-A ")]
        assert len(saved) == len(wanted(decision))
    assert inside("/proc/self/ns/net", "nft", "list", "tables") == before


async def test_what_the_rules_program_says_is_the_error(namespace: str) -> None:
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        with pytest.raises(CaptureError, match="--istio-inbound-ports: 70000 is not a port"):
            await capture(Decision(("--istio-inbound-ports=70000",)), descriptor)
    finally:
        os.close(descriptor)
