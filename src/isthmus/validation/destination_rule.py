"""Rules of DestinationRule."""

from __future__ import annotations

from isthmus.api.config import Problem
from isthmus.api.destination_rule import DestinationRule, PortTrafficPolicy, TrafficPolicy
from isthmus.validation import policies, syntax, tls
from isthmus.validation.findings import Findings, export_to, labels, repeated, warning, wrong
from isthmus.validation.selectors import selector


def destination_rule(spec: DestinationRule) -> Findings:
    """Rules of the whole object."""
    yield from wrong("spec.host", syntax.host_or_address(spec.host))
    if spec.traffic_policy:
        yield from _traffic_policy("spec.trafficPolicy", spec.traffic_policy)
    for index, subset in enumerate(spec.subsets):
        path = f"spec.subsets[{index}]"
        yield from wrong(f"{path}.name", _subset_name(subset.name))
        yield from labels(f"{path}.labels", subset.labels)
        if not subset.labels and subset.traffic_policy is None:
            yield warning(path, "has neither labels nor a policy: it is the same as the whole service")
        if subset.traffic_policy:
            yield from _traffic_policy(f"{path}.trafficPolicy", subset.traffic_policy)
    for first, index, name in repeated(subset.name for subset in spec.subsets):
        yield Problem(f"spec.subsets[{index}].name", f"{name!r} is also the name of subsets[{first}]")
    yield from export_to("spec.exportTo", spec.export_to)
    yield from selector("spec.workloadSelector", spec.workload_selector)


def _subset_name(name: str) -> str:
    return "required, but not set" if not name else syntax.label_value(name)


def _traffic_policy(path: str, policy: TrafficPolicy) -> Findings:
    yield from _settings(path, policy)
    for index, entry in enumerate(policy.port_level_settings):
        where = f"{path}.portLevelSettings[{index}]"
        if entry.port is None:
            yield Problem(f"{where}.port", "required, but not set")
        else:
            yield from wrong(f"{where}.port.number", syntax.port(entry.port.number))
        yield from _settings(where, entry)
    for _, index, number in repeated(entry.port.number for entry in policy.port_level_settings if entry.port):
        yield Problem(f"{path}.portLevelSettings[{index}].port.number", f"{number} occurs twice")
    if policy.tunnel:
        if policy.tunnel.protocol not in ("", "CONNECT", "POST"):
            yield Problem(f"{path}.tunnel.protocol", f"{policy.tunnel.protocol!r} is neither CONNECT nor POST")
        yield from wrong(f"{path}.tunnel.targetHost", syntax.host_or_address(policy.tunnel.target_host))
        yield from wrong(f"{path}.tunnel.targetPort", syntax.port(policy.tunnel.target_port))
        if policy.proxy_protocol:
            yield Problem(path, "tunnel and proxyProtocol exclude each other")


def _settings(path: str, policy: TrafficPolicy | PortTrafficPolicy) -> Findings:
    if policy.load_balancer:
        yield from policies.load_balancer(f"{path}.loadBalancer", policy.load_balancer)
    if policy.connection_pool:
        yield from policies.connection_pool(f"{path}.connectionPool", policy.connection_pool)
    if policy.outlier_detection:
        yield from policies.outlier_detection(f"{path}.outlierDetection", policy.outlier_detection)
    if policy.tls:
        yield from tls.client(f"{path}.tls", policy.tls)
