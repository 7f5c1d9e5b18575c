"""Inputs that nobody wrote: seeds with pieces changed, cut, doubled and swapped, and JSON of the right words.

The same inputs in every run. ``make fuzz`` (or ``ISTHMUS_FUZZ=N``) tries N inputs per target, new ones each time.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest
from corpus import seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from targets import TARGETS, attempt

LONG = int(os.environ.get("ISTHMUS_FUZZ", "0"))
thorough = settings(
    max_examples=LONG or 25,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
WORDS = {
    "admission_injection": "metadata spec containers initContainers name image ports containerPort env value valueFrom "
    "annotations labels volumes securityContext readinessProbe httpGet port path tcpSocket grpc resources limits cpu "
    "sidecar.istio.io/inject proxy.istio.io/config sidecar.istio.io/proxyCPU inject.istio.io/templates "
    "traffic.sidecar.istio.io/includeInboundPorts ownerReferences generateName namespace hostNetwork",
    "admission_validation": "apiVersion kind metadata spec name namespace hosts http route destination host subset "
    "port number weight match uri prefix exact regex headers gateways tls tcp trafficPolicy subsets labels selector "
    "servers "
    "protocol mtls mode rules from to when key values action ports endpoints address location resolution",
    "watch": "metadata name namespace labels annotations resourceVersion spec status podIP ports port targetPort "
    "clusterIP type data containers conditions creationTimestamp hosts http",
}
KINDS = ("VirtualService", "DestinationRule", "Gateway", "ServiceEntry", "AuthorizationPolicy", "PeerAuthentication",
         "Sidecar", "RequestAuthentication", "Telemetry", "WorkloadEntry", "ProxyConfig", "EnvoyFilter")  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "*", "a.b", "10.0.0.1", "10.0.0.0/8", "8080", "5s", "{", "[", "a: b", "\x00", "é", "-" * 300]),
    st.text(max_size=20),
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, target: str) -> bytes:
    """A seed with up to eight changes."""
    known = seeds(target)
    data = draw(st.sampled_from(known))
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 32)))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.binary(max_size=8),
                st.just(data[start:end] * 2),
                st.sampled_from(
                    [b"\x00", b"\xff" * 4, b"[", b"{", b'"', b"\n", b"- ", b": ", b"&a ", b"*a", b"9" * 30]
                ),
                st.sampled_from(known).map(lambda other: other[:64]),
            )
        )
        data = data[:start] + piece + data[end:]
    return data


def odd_json(words: str) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(words.split())
    return st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5), max_leaves=20
    )


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_mutated_seeds_are_taken_or_refused(target: str) -> None:
    @thorough
    @given(mutated(target))
    def check(data: bytes) -> None:
        attempt(target, data)

    check()


@pytest.mark.parametrize("target", sorted(WORDS))
def test_json_of_the_right_words_and_the_wrong_shapes_is_taken_or_refused(target: str) -> None:
    @thorough
    @given(odd_json(WORDS[target]), odd_json(WORDS[target]), st.sampled_from(KINDS))
    def check(first: Any, second: Any, kind: str) -> None:
        versions = {"AuthorizationPolicy": "security", "PeerAuthentication": "security", "Telemetry": "telemetry"}
        version = f"{versions.get(kind, 'networking')}.istio.io/v1"
        body = {"apiVersion": version, "kind": kind, "metadata": first, "spec": second}
        if target == "watch":
            attempt(target, msgspec.json.encode({"type": "ADDED", "object": body}))
            return
        metadata = first if isinstance(first, dict) else {}
        for chosen in (body, {**body, "metadata": {**metadata, "name": "x"}}):
            request = {"uid": "1", "operation": "CREATE", "namespace": "shop", "object": chosen}
            attempt(target, msgspec.json.encode({"request": request}))

    check()
