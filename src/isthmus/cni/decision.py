"""Whether a pod's traffic is captured, and with which settings. Pure.

Knows: what injection leaves on a pod (annotations, the proxy's container) and Istio's rules for node agents.
Does not know rules; it names the options of ``istio-iptables`` that the pod's init container would be given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from isthmus.cni.pods import Container, Pod

_PLAIN = re.compile(r"[\w.:/*,\- ]*", re.ASCII)
_TRAFFIC = "traffic.sidecar.istio.io/"
_OPTIONS = (
    (f"{_TRAFFIC}includeOutboundIPRanges", "istio-service-cidr", "*"),
    (f"{_TRAFFIC}excludeOutboundIPRanges", "istio-service-exclude-cidr", ""),
    (f"{_TRAFFIC}includeInboundPorts", "istio-inbound-ports", "*"),
    (f"{_TRAFFIC}includeOutboundPorts", "istio-outbound-ports", ""),
    (f"{_TRAFFIC}excludeOutboundPorts", "istio-local-outbound-ports-exclude", ""),
    (f"{_TRAFFIC}excludeInterfaces", "istio-exclude-interfaces", ""),
)
_VIRTUAL_INTERFACES = ("istio.io/reroute-virtual-interfaces", f"{_TRAFFIC}kubevirtInterfaces")
_PROXY_PORTS = ("15090", "15021", "15020")
_VARIABLES = (
    "ISTIO_META_DNS_CAPTURE",
    "ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR",
    "ISTIO_OUTBOUND_OWNER_GROUPS",
    "ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE",
    "INVALID_DROP",
)
_PORTS_OF_VALIDATION = {"-p": "envoy-port", "-z": "inbound-capture-port"}
_PROXY_USER = 1337


class WrongPodError(ValueError):
    """A pod that asks for something impossible; the message names the annotation or variable."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Options and variables of ``istio-iptables``; or no options, and why nothing is captured."""

    options: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def decide(pod: Pod, excluded: tuple[str, ...], nftables: bool) -> Decision:
    """What is to be done for a pod that starts. WrongPodError when it cannot be done."""
    reason = _reason_against(pod, excluded)
    proxy = pod.proxy
    if reason or proxy is None:
        return Decision(reason=reason or "it has no proxy")
    variables = {each.name: each.value for each in proxy.env if each.name in _VARIABLES and each.value}
    for name, value in variables.items():
        _check(f"variable {name} of the proxy", value)
    options = [*_options(pod, proxy), *_dns(variables), *(["--native-nftables"] if nftables else [])]
    return Decision(tuple(options), variables)


def _reason_against(pod: Pod, excluded: tuple[str, ...]) -> str:
    annotations, proxy = pod.metadata.annotations, pod.proxy
    if pod.metadata.namespace in excluded:
        return f"namespace {pod.metadata.namespace} is excluded"
    if pod.spec.host_network:
        return "it uses the node's network"
    if proxy is None:
        return "it has no proxy"
    if "sidecar.istio.io/status" not in annotations:
        return "it was not injected"
    if pod.container("istio-init"):
        return "its init container installs the rules"
    if proxy.args[:1] == ("proxy",) and proxy.args[1:2] != ("sidecar",):
        return "its proxy is a gateway"
    if any(each.name == "DISABLE_ENVOY" for each in proxy.env):
        return "its proxy is not Envoy"
    if annotations.get("sidecar.istio.io/interceptionMode") == "NONE":
        return "its interception mode is NONE"
    return ""


def _options(pod: Pod, proxy: Container) -> Iterator[str]:
    annotations = pod.metadata.annotations
    for annotation, option, default in _OPTIONS:
        yield _option(option, annotation, annotations.get(annotation, default))
    yield _option("istio-local-exclude-ports", f"{_TRAFFIC}excludeInboundPorts", _excluded_ports(annotations))
    mode = "sidecar.istio.io/interceptionMode"
    yield _option("istio-inbound-interception-mode", mode, annotations.get(mode) or "REDIRECT")
    virtual = next((name for name in _VIRTUAL_INTERFACES if name in annotations), "")
    yield _option("istio-reroute-virtual-interfaces", virtual, annotations.get(virtual, ""))
    yield from _owners(proxy)
    yield from _ports(pod)


def _excluded_ports(annotations: Mapping[str, str]) -> str:
    """The proxy's own ports are never captured, whatever the annotation says."""
    asked = annotations.get(f"{_TRAFFIC}excludeInboundPorts", "").split(",")
    return ",".join(dict.fromkeys([*_PROXY_PORTS, *filter(None, map(str.strip, asked))]))


def _owners(proxy: Container) -> Iterator[str]:
    """Whose connections are the proxy's own. One that runs as root is told by its group."""
    context = proxy.security_context
    user = (context and context.run_as_user) or _PROXY_USER
    group = (context and context.run_as_group) or user
    yield f"--proxy-uid={user}"
    yield f"--proxy-gid={group}"


def _ports(pod: Pod) -> Iterator[str]:
    """The proxy's ports where the mesh has others: no annotation tells them, but the validation is given them."""
    validation = pod.container("istio-validation")
    words = validation.args if validation else ()
    for name, value in pairwise(words):
        if name in _PORTS_OF_VALIDATION and value.isdigit():
            yield f"--{_PORTS_OF_VALIDATION[name]}={value}"


def _dns(variables: Mapping[str, str]) -> list[str]:
    """Lookups at any server: which servers the pod's resolv.conf will name is not known here."""
    captured = variables.get("ISTIO_META_DNS_CAPTURE", "").lower() in ("1", "t", "true")
    return ["--redirect-dns", "--capture-all-dns"] if captured else []


def _option(name: str, annotation: str, value: str) -> str:
    _check(f"annotation {annotation}", value)
    return f"--{name}={value}"


def _check(where: str, value: str) -> None:
    """Nothing that a rule language could take for more than a value."""
    if not _PLAIN.fullmatch(value):
        raise WrongPodError(f"{where}: {value!r} has characters that no port, range or interface has")
