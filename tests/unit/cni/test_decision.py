"""Which pods are captured, and how."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from isthmus.capture import arguments
from isthmus.capture.settings import Capture
from isthmus.cni.decision import Decision, WrongPodError, decide
from isthmus.cni.pods import Pod
from isthmus.process.variables import Variables

INJECTED = {"sidecar.istio.io/status": "{}"}
PROXY = {"name": "istio-proxy", "args": ["proxy", "sidecar"], "securityContext": {"runAsUser": 1337}}


def pod(annotations: dict[str, str] | None = None, proxy: dict[str, Any] | None = None, **spec: Any) -> Pod:
    containers = [{"name": "app"}, {**PROXY, **(proxy or {})}]
    found = {
        "metadata": {"name": "p", "namespace": "default", "annotations": {**INJECTED, **(annotations or {})}},
        "spec": {"containers": containers, **spec},
    }
    return msgspec.convert(found, Pod)


def settings(decision: Decision) -> Capture:
    """What ``istio-iptables`` understands of a decision."""
    values, unknown = arguments.parser().parse_known_args(list(decision.options))
    assert not unknown
    return arguments.capture(vars(values), Variables(decision.variables), arguments.Surroundings(False, ("10.0.0.1",)))


def captured(*args: Any, **kwargs: Any) -> Capture:
    return settings(decide(pod(*args, **kwargs), ("kube-system",), nftables=False))


def test_an_injected_pod_is_captured_as_its_init_container_would_do_it() -> None:
    assert captured() == Capture()


def test_a_native_sidecar_is_captured_as_well() -> None:
    native = pod(containers=[{"name": "app"}], initContainers=[PROXY])
    assert settings(decide(native, (), nftables=False)) == Capture()


def test_annotations_choose_ports_ranges_interfaces_and_mode() -> None:
    found = captured(
        {
            "sidecar.istio.io/interceptionMode": "TPROXY",
            "traffic.sidecar.istio.io/includeOutboundIPRanges": "10.0.0.0/8",
            "traffic.sidecar.istio.io/excludeOutboundIPRanges": "10.9.0.0/16",
            "traffic.sidecar.istio.io/includeInboundPorts": "80,81",
            "traffic.sidecar.istio.io/excludeInboundPorts": "15020,9000",
            "traffic.sidecar.istio.io/includeOutboundPorts": "443",
            "traffic.sidecar.istio.io/excludeOutboundPorts": "25",
            "traffic.sidecar.istio.io/excludeInterfaces": "eth1",
            "traffic.sidecar.istio.io/kubevirtInterfaces": "vnet0",
        }
    )
    assert found.inbound.transparent
    assert (found.inbound.ports, found.inbound.excluded_ports) == ("80,81", (15090, 15021, 15020, 9000))
    assert (found.outbound.ranges, found.outbound.excluded_ranges) == (("10.0.0.0/8",), ("10.9.0.0/16",))
    assert (found.outbound.ports, found.outbound.excluded_ports) == ((443,), (25,))
    assert (found.excluded_interfaces, found.virtual_interfaces) == (("eth1",), ("vnet0",))


def test_lookups_are_captured_at_any_server_when_the_proxy_answers_them() -> None:
    found = captured(proxy={"env": [{"name": "ISTIO_META_DNS_CAPTURE", "value": "true"}]})
    assert found.dns.captured
    assert found.dns.all_servers


def test_the_proxys_user_and_group_are_those_of_its_container() -> None:
    found = captured(proxy={"securityContext": {"runAsUser": 1000650001, "runAsGroup": 1000650000}})
    assert (found.users, found.user_groups) == (("1000650001",), ("1000650000",))


def test_a_proxy_that_runs_as_root_is_told_by_its_group() -> None:
    found = captured(proxy={"securityContext": {"runAsUser": 0, "runAsGroup": 1337}})
    assert (found.users, found.user_groups) == (("1337",), ("1337",))


def test_other_ports_of_the_proxy_are_those_that_its_validation_is_given() -> None:
    found = captured(
        initContainers=[{"name": "istio-validation", "args": ["istio-iptables", "-p", "16001", "-z", "16006"]}]
    )
    assert (found.outbound.capture_port, found.inbound.capture_port) == (16001, 16006)


def test_the_rules_language_is_the_meshs() -> None:
    assert "--native-nftables" in decide(pod(), (), nftables=True).options


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (pod(containers=[{"name": "app"}]), "no proxy"),
        (pod(proxy={"args": ["proxy", "router"]}), "gateway"),
        (pod(initContainers=[{"name": "istio-init"}]), "its init container"),
        (pod(proxy={"env": [{"name": "DISABLE_ENVOY", "value": "true"}]}), "not Envoy"),
        (pod({"sidecar.istio.io/interceptionMode": "NONE"}), "NONE"),
        (pod(hostNetwork=True), "node's network"),
        (
            msgspec.structs.replace(pod(), metadata=msgspec.structs.replace(pod().metadata, annotations={})),
            "not injected",
        ),
        (
            msgspec.structs.replace(pod(), metadata=msgspec.structs.replace(pod().metadata, namespace="kube-system")),
            "kube-system is excluded",
        ),
    ],
)
def test_a_pod_that_is_not_captured_says_why(given: Pod, reason: str) -> None:
    decision = decide(given, ("kube-system",), nftables=False)
    assert reason in decision.reason
    assert decision.options == ()


@pytest.mark.parametrize("value", ["80\nCOMMIT", "80; flush ruleset", '80"', "$(id)", "80\x00"])
def test_nothing_of_a_pod_gets_into_the_rules_but_values(value: str) -> None:
    with pytest.raises(WrongPodError, match="excludeInboundPorts"):
        decide(pod({"traffic.sidecar.istio.io/excludeInboundPorts": value}), (), nftables=False)
    env = [{"name": "ISTIO_OUTBOUND_OWNER_GROUPS", "value": value}]
    with pytest.raises(WrongPodError, match="ISTIO_OUTBOUND_OWNER_GROUPS"):
        decide(pod(proxy={"env": env}), (), nftables=False)


def test_variables_that_do_not_matter_to_capture_are_not_taken_from_a_pod() -> None:
    env = [{"name": name, "value": "/tmp/x"} for name in ("LD_PRELOAD", "PATH", "PYTHONPATH", "ENVOY_USER")]
    assert decide(pod(proxy={"env": env}), (), nftables=False).variables == {}
