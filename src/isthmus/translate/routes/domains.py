"""Names under which clients call a service: the domains of its virtual host (Istio's order)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from isthmus.model.service import Resolution, Service


def domains(service: Service, addresses: Iterable[str], *, same_namespace: bool) -> tuple[str, ...]:
    """Hostname, its short forms as the client's namespace may use them, and virtual addresses, without ports."""
    names = [service.hostname, f"{service.hostname}."]
    if service.kubernetes:
        names += _short(service, same_namespace=same_namespace)
        if service.resolution is Resolution.HEADLESS:
            names += [f"*.{name}" for name in names]
    return tuple(dict.fromkeys(name.lower() for name in (*names, *map(_bracketed, addresses))))


def _short(service: Service, *, same_namespace: bool) -> list[str]:
    qualified = f"{service.name}.{service.namespace}"
    if same_namespace:
        return [service.name, f"{qualified}.svc", qualified]
    return [qualified, f"{qualified}.svc"]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
