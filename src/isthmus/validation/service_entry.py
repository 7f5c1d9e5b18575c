"""Rules of ServiceEntry, WorkloadEntry and WorkloadGroup."""

from __future__ import annotations

from isthmus.api.config import Problem
from isthmus.api.service_entry import ServiceEntry
from isthmus.api.workload_entry import WorkloadEntry
from isthmus.api.workload_group import ReadinessProbe, WorkloadGroup
from isthmus.validation import syntax
from isthmus.validation.findings import Findings, each, export_to, labels, repeated, warning, wrong
from isthmus.validation.gateway import PROTOCOLS
from isthmus.validation.selectors import selector

_BY_NAME = frozenset({"DNS", "DNS_ROUND_ROBIN"})


def service_entry(spec: ServiceEntry) -> Findings:
    """Rules of the whole object."""
    yield from _hosts(spec)
    yield from each("spec.addresses", spec.addresses, syntax.address_or_range)
    if any("/" in address for address in spec.addresses) and spec.resolution not in ("NONE", "STATIC"):
        yield Problem("spec.addresses", f"ranges are not possible with resolution {spec.resolution}")
    yield from _ports(spec)
    yield from _endpoints(spec)
    yield from selector("spec.workloadSelector", spec.workload_selector)
    yield from export_to("spec.exportTo", spec.export_to)
    if "" in spec.subject_alt_names:
        yield Problem("spec.subjectAltNames", "a name must not be empty")


def _hosts(spec: ServiceEntry) -> Findings:
    if not spec.hosts:
        yield Problem("spec.hosts", "a service entry needs at least one host")
    for index, host in enumerate(spec.hosts):
        if host == "*":
            yield Problem(f"spec.hosts[{index}]", "'*' would claim every host; name hosts or *.domain")
        else:
            yield from wrong(f"spec.hosts[{index}]", syntax.host_or_address(host))


def _ports(spec: ServiceEntry) -> Findings:
    for index, port in enumerate(spec.ports):
        path = f"spec.ports[{index}]"
        yield from wrong(f"{path}.number", syntax.port(port.number))
        if port.target_port:
            yield from wrong(f"{path}.targetPort", syntax.port(port.target_port))
        if not port.name:
            yield Problem(f"{path}.name", "required, but not set")
        if port.protocol and port.protocol.upper() not in PROTOCOLS:
            yield Problem(f"{path}.protocol", f"{port.protocol!r} is not one of {', '.join(sorted(PROTOCOLS))}")
        if port.protocol.upper() in ("TCP", "") and not spec.addresses and spec.resolution == "NONE":
            message = "a TCP port without addresses takes all traffic to this port number"
            yield warning(path, message, "addresses-required")
    for _, index, number in repeated(port.number for port in spec.ports):
        yield Problem(f"spec.ports[{index}].number", f"{number} occurs twice")
    for _, index, name in repeated(port.name for port in spec.ports):
        yield Problem(f"spec.ports[{index}].name", f"{name!r} occurs twice")


def _endpoints(spec: ServiceEntry) -> Findings:
    if spec.workload_selector and spec.endpoints:
        yield Problem("spec", "only one of workloadSelector and endpoints may be set")
    if spec.workload_selector:
        if spec.resolution not in ("STATIC", "DNS", "DNS_ROUND_ROBIN"):
            yield warning("spec.workloadSelector", f"is not used with resolution {spec.resolution}")
        return
    if spec.resolution in ("NONE", "DYNAMIC_DNS") and spec.endpoints:
        yield Problem("spec.endpoints", f"not possible with resolution {spec.resolution}")
    elif spec.resolution == "STATIC" and not spec.endpoints:
        yield Problem("spec.endpoints", "resolution STATIC needs endpoints or a workloadSelector")
    elif spec.resolution in _BY_NAME and not spec.endpoints:
        yield from _resolvable(spec)
    elif spec.resolution == "DNS_ROUND_ROBIN" and len(spec.endpoints) > 1:
        yield Problem("spec.endpoints", "DNS_ROUND_ROBIN resolves one name: write at most one endpoint")
    if spec.resolution == "DYNAMIC_DNS" and not all(host.startswith("*.") for host in spec.hosts):
        yield Problem("spec.hosts", "DYNAMIC_DNS is for wildcard hosts only; use DNS")
    names = {port.name for port in spec.ports}
    for index, endpoint in enumerate(spec.endpoints):
        yield from _endpoint(f"spec.endpoints[{index}]", endpoint, spec.resolution)
        for name in sorted(set(endpoint.ports) - names):
            yield Problem(f"spec.endpoints[{index}].ports[{name}]", "is no port of the service")


def _resolvable(spec: ServiceEntry) -> Findings:
    for index, host in enumerate(spec.hosts):
        if "*" in host:
            yield Problem(f"spec.hosts[{index}]", f"{host!r} cannot be resolved by DNS; write endpoints")


def _endpoint(path: str, endpoint: WorkloadEntry, resolution: str) -> Findings:
    yield from workload(path, endpoint)
    address = endpoint.address
    if resolution == "STATIC" and address and not (syntax.is_address(address) or address.startswith("unix://")):
        yield Problem(f"{path}.address", f"{address!r} is no IP address, which resolution STATIC needs; use DNS")
    if resolution in _BY_NAME and address.startswith("unix://"):
        yield Problem(f"{path}.address", "a Unix socket needs resolution STATIC")


def workload(path: str, entry: WorkloadEntry, *, template: bool = False) -> Findings:
    """Rules of one workload; a ``template`` of a group has no address yet."""
    address = entry.address
    if address.startswith("unix://"):
        if not address.startswith(("unix:///", "unix://@")):
            yield Problem(f"{path}.address", f"{address!r} is not an absolute path")
        if entry.ports:
            yield Problem(f"{path}.ports", "a Unix socket has no ports")
    elif address:
        yield from wrong(f"{path}.address", "" if syntax.is_address(address) else syntax.domain(address))
    elif not entry.network and not template:
        yield Problem(f"{path}.address", "required when network is not set")
    for name, number in entry.ports.items():
        yield from wrong(f"{path}.ports[{name}]", syntax.port(number))
    yield from labels(f"{path}.labels", entry.labels)


def workload_entry(spec: WorkloadEntry) -> Findings:
    """Rules of the whole object."""
    yield from workload("spec", spec)


def workload_group(spec: WorkloadGroup) -> Findings:
    """Rules of the whole object."""
    yield from workload("spec.template", spec.template, template=True)
    if spec.metadata:
        yield from labels("spec.metadata.labels", spec.metadata.labels)
    if spec.probe:
        yield from _probe("spec.probe", spec.probe)


def _probe(path: str, probe: ReadinessProbe) -> Findings:
    methods = (probe.http_get, probe.tcp_socket, probe.exec, probe.grpc)
    if not any(methods):
        yield Problem(path, "one of httpGet, tcpSocket, exec, grpc must be set")
    if probe.http_get:
        yield from wrong(f"{path}.httpGet.port", syntax.port(probe.http_get.port))
        if probe.http_get.scheme not in ("", "HTTP", "HTTPS"):
            yield Problem(f"{path}.httpGet.scheme", f"{probe.http_get.scheme!r} is neither HTTP nor HTTPS")
    if probe.tcp_socket:
        yield from wrong(f"{path}.tcpSocket.port", syntax.port(probe.tcp_socket.port))
    if probe.exec and not probe.exec.command:
        yield Problem(f"{path}.exec.command", "must not be empty")
