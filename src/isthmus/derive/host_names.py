"""Names by which objects of users mean services: fully qualified, short, or by wildcard."""

from __future__ import annotations

from isthmus.model.service import Service

Host = tuple[str, str]  # ("", fully qualified or wildcard host) or (namespace, short name)


def written(host: str, namespace: str) -> Host:
    """A host as an index key: names without a dot are of the object's own namespace."""
    name = host.lower()
    return ("", name) if "." in name or name.startswith("*") else (namespace, name)


def names_of(service: Service) -> list[Host]:
    """All hosts by which an object may mean a service, the most specific first."""
    short = [(service.namespace, service.name)] if service.kubernetes else []
    return [("", service.hostname), *short, *(("", wildcard) for wildcard in wildcards(service.hostname))]


def is_short_form(host: str, service: Service) -> bool:
    """Whether a host is one of the names under which sidecars route a service anyway."""
    base = host.removeprefix("*.").rstrip(".")
    qualified = f"{service.name}.{service.namespace}"
    return base in (qualified, f"{qualified}.svc", service.hostname)


def wildcards(hostname: str) -> list[str]:
    """The wildcard hosts that cover a hostname, the most specific first."""
    labels = hostname.split(".")
    return [*(f"*.{'.'.join(labels[i:])}" for i in range(1, len(labels))), "*"]
