"""Checks of the annotations by which a pod steers its injection.

Knows: which values each annotation takes. A wrong one fails the admission: a pod that asked for something
and silently got something else would be worse.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping

from isthmus.api.yaml_text import document
from isthmus.inject import metadata
from isthmus.inject.errors import InjectionError

Check = Callable[[str], object]


def check_annotations(annotations: Mapping[str, str]) -> None:
    """Raises InjectionError naming the first annotation whose value does not fit."""
    for name, value in annotations.items():
        checker = _CHECKS.get(name)
        if checker is None:
            continue
        try:
            checker(value)
        except ValueError as error:
            raise InjectionError(f"annotation {name}: {value!r}: {error}") from None


def _one_of(*values: str) -> Check:
    def checker(value: str) -> None:
        if value not in values:
            raise ValueError(f"expected one of {', '.join(values)}")

    return checker


def _number(value: str) -> None:
    if not value.isascii() or not value.isdigit():
        raise ValueError("expected a whole number")


def _boolean(value: str) -> None:
    if not (metadata.is_true(value) or metadata.is_false(value)):
        raise ValueError("expected true or false")


def _ports(value: str) -> None:
    for port in filter(None, (part.strip() for part in value.split(","))):
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"{port!r} is not a port; expected numbers separated by commas")


def _ports_or_all(value: str) -> None:
    if value != "*":
        _ports(value)


def _ranges(value: str) -> None:
    for cidr in filter(None, (part.strip() for part in value.split(","))):
        try:
            ipaddress.ip_network(cidr, strict=False)
        except ValueError:
            raise ValueError(f"{cidr!r} is not a range such as 10.0.0.0/8") from None


def _ranges_or_all(value: str) -> None:
    if value != "*":
        _ranges(value)


def _mapping(value: str) -> None:
    found = document(value)  # a YamlError is a ValueError
    if found is not None and not isinstance(found, dict):
        raise ValueError("expected a map of fields")


def _status_port(value: str) -> None:
    _number(value)
    if int(value) > 65535:
        raise ValueError("expected a port, or 0 for none")


_CHECKS: Mapping[str, Check] = {
    metadata.PROXY_CONFIG: _mapping,
    metadata.NATIVE_SIDECAR: _boolean,
    "sidecar.istio.io/interceptionMode": _one_of("REDIRECT", "TPROXY", "NONE"),
    "sidecar.istio.io/rewriteAppHTTPProbers": _boolean,
    "sidecar.istio.io/capNetBindService": _boolean,
    "sidecar.istio.io/userVolume": _mapping,
    "sidecar.istio.io/userVolumeMount": _mapping,
    metadata.STATUS_PORT: _status_port,
    "readiness.status.sidecar.istio.io/initialDelaySeconds": _number,
    "readiness.status.sidecar.istio.io/periodSeconds": _number,
    "readiness.status.sidecar.istio.io/failureThreshold": _number,
    "traffic.sidecar.istio.io/includeInboundPorts": _ports_or_all,
    "traffic.sidecar.istio.io/excludeInboundPorts": _ports,
    "traffic.sidecar.istio.io/includeOutboundPorts": _ports,
    "traffic.sidecar.istio.io/excludeOutboundPorts": _ports,
    "traffic.sidecar.istio.io/includeOutboundIPRanges": _ranges_or_all,
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": _ranges,
    "prometheus.istio.io/merge-metrics": _boolean,
}
