"""Rules of Sidecar."""

from __future__ import annotations

import re

from isthmus.api.config import Problem
from isthmus.api.sidecar import EgressListener, IngressListener, Sidecar, SidecarPort
from isthmus.validation import policies, syntax, tls
from isthmus.validation.destinations import destination
from isthmus.validation.findings import Findings, repeated, wrong
from isthmus.validation.gateway import PROTOCOLS
from isthmus.validation.selectors import selector

_DEFAULT_ENDPOINT = re.compile(r"(127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\[::\]):([0-9]+)\Z")


def sidecar(spec: Sidecar) -> Findings:
    """Rules of the whole object."""
    yield from selector("spec.workloadSelector", spec.workload_selector)
    parts = (spec.ingress, spec.egress, spec.outbound_traffic_policy, spec.inbound_connection_pool)
    if not any(parts):
        yield Problem("spec", "says nothing: set ingress, egress, outboundTrafficPolicy or inboundConnectionPool")
    for index, ingress in enumerate(spec.ingress):
        yield from _ingress(f"spec.ingress[{index}]", ingress)
    for _, index, number in repeated(listener.port.number for listener in spec.ingress):
        yield Problem(f"spec.ingress[{index}].port.number", f"{number} occurs twice")
    yield from _egress_listeners(spec)
    if spec.inbound_connection_pool:
        yield from policies.connection_pool("spec.inboundConnectionPool", spec.inbound_connection_pool)
    if (policy := spec.outbound_traffic_policy) and policy.egress_proxy:
        path = "spec.outboundTrafficPolicy.egressProxy"
        yield from destination(path, policy.egress_proxy)
        if policy.mode != "ALLOW_ANY":
            yield Problem(path, f"has no use with mode {policy.mode}: nothing unknown leaves; set ALLOW_ANY")


def _ingress(path: str, listener: IngressListener) -> Findings:
    yield from _port(f"{path}.port", listener.port)
    if listener.bind and not syntax.is_address(listener.bind):
        yield Problem(f"{path}.bind", f"{listener.bind!r} is not an IP address")
    if listener.capture_mode == "IPTABLES" and listener.bind:
        yield Problem(f"{path}.bind", "captured traffic keeps its address; leave it out or set captureMode NONE")
    if listener.default_endpoint:
        yield from _default_endpoint(f"{path}.defaultEndpoint", listener.default_endpoint)
    if listener.tls:
        if listener.tls.mode not in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"):
            yield Problem(f"{path}.tls.mode", f"{listener.tls.mode} is not possible in a sidecar")
        else:
            yield from tls.server(f"{path}.tls", listener.tls)
    if listener.connection_pool:
        yield from policies.connection_pool(f"{path}.connectionPool", listener.connection_pool)


def _default_endpoint(path: str, endpoint: str) -> Findings:
    if endpoint.startswith("unix:///"):
        return
    match = _DEFAULT_ENDPOINT.match(endpoint)
    if not match:
        allowed = "127.0.0.1:PORT, [::1]:PORT, 0.0.0.0:PORT, [::]:PORT or unix:///path"
        yield Problem(path, f"{endpoint!r} is not one of {allowed}")
    else:
        yield from wrong(path, syntax.port(int(match[2])))


def _egress_listeners(spec: Sidecar) -> Findings:
    for index, listener in enumerate(spec.egress):
        path = f"spec.egress[{index}]"
        yield from _egress(path, listener)
        if listener.port is None and index != len(spec.egress) - 1:
            yield Problem(path, "a listener without port takes all other ports: it must be the last one")
    for _, index, number in repeated(entry.port.number for entry in spec.egress if entry.port):
        yield Problem(f"spec.egress[{index}].port.number", f"{number} occurs twice")


def _egress(path: str, listener: EgressListener) -> Findings:
    if not listener.hosts:
        yield Problem(f"{path}.hosts", "an egress listener needs at least one host, such as './*'")
    for index, host in enumerate(listener.hosts):
        namespaces = frozenset({"*", ".", "~"})
        yield from wrong(f"{path}.hosts[{index}]", syntax.namespaced_host(host, namespaces=namespaces))
    if listener.port is None:
        if listener.bind:
            yield Problem(f"{path}.bind", "needs a port")
        return
    if listener.bind.startswith("unix://"):
        if listener.port.number:
            yield Problem(f"{path}.port.number", "must be 0 when bind is a Unix socket")
        return
    yield from _port(f"{path}.port", listener.port)
    if listener.bind and not syntax.is_address(listener.bind):
        yield Problem(f"{path}.bind", f"{listener.bind!r} is neither an IP address nor unix:///path")


def _port(path: str, port: SidecarPort) -> Findings:
    yield from wrong(f"{path}.number", syntax.port(port.number))
    if port.protocol and port.protocol.upper() not in PROTOCOLS | {"HTTP_PROXY"}:
        yield Problem(f"{path}.protocol", f"{port.protocol!r} is not one of {', '.join(sorted(PROTOCOLS))}")
