"""How a proxy introduces itself to the control plane: its node id, cluster, locality and metadata.

Knows: Istio's node id and metadata keys. Does not know how the introduction travels.
"""

from __future__ import annotations

from typing import Any

import isthmus
from isthmus.agent.settings import Settings

_LOCALITY_LABELS = ("topology.istio.io/locality", "istio-locality")


def node(settings: Settings) -> dict[str, Any]:
    """Envoy's ``Node`` as JSON."""
    result: dict[str, Any] = {
        "id": node_id(settings),
        "cluster": service_cluster(settings),
        "metadata": metadata(settings),
    }
    place = locality(settings)
    return {**result, "locality": place} if place else result


def node_id(settings: Settings) -> str:
    """``<type>~<ip>~<pod>.<namespace>~<dns domain>``; ValueError when the pod has no address."""
    pod = settings.pod
    if not pod.addresses:
        raise ValueError("the pod has no IP address: INSTANCE_IP is empty and no interface has one")
    return f"{settings.proxy_type}~{pod.addresses[0]}~{pod.name}.{pod.namespace}~{settings.dns_domain}"


def service_cluster(settings: Settings) -> str:
    """The name of the workload's group: chosen, else by app label, workload or namespace."""
    chosen, pod = settings.proxy.service_cluster, settings.pod
    if chosen and chosen != "istio-proxy":
        return chosen
    group = pod.labels.get("app") or settings.metadata.get("WORKLOAD_NAME") or "istio-proxy"
    return f"{group}.{pod.namespace}" if pod.namespace else group


def locality(settings: Settings) -> dict[str, str]:
    """Region, zone and sub-zone from the pod's own label; empty when the node's labels are to be used."""
    labels = settings.pod.labels
    value = next((labels[name] for name in _LOCALITY_LABELS if labels.get(name)), "")
    if "/" not in value:
        value = value.replace(".", "/")
    parts = value.split("/")[:3]
    return {key: part for key, part in zip(("region", "zone", "sub_zone"), parts, strict=False) if part}


def metadata(settings: Settings) -> dict[str, Any]:
    """Node metadata: what the environment asks for, then what the agent knows itself."""
    pod = settings.pod
    known = {
        "NAME": pod.name,
        "NAMESPACE": pod.namespace,
        "SERVICE_ACCOUNT": pod.service_account,
        "INSTANCE_IPS": ",".join(pod.addresses),
        "PILOT_SAN": [settings.discovery.server_name],
        "ENVOY_STATUS_PORT": settings.ports.envoy_status,
        "ENVOY_PROMETHEUS_PORT": settings.ports.envoy_prometheus,
        "ANNOTATIONS": dict(pod.annotations),
        "PROXY_CONFIG": dict(settings.proxy.whole),
    }
    result: dict[str, Any] = {**settings.metadata, **known, **settings.metadata_json}
    result["LABELS"] = {**pod.labels, **settings.metadata_json.get("LABELS", {})}
    result.setdefault("ISTIO_VERSION", isthmus.__version__)
    if settings.delta:
        result.setdefault("VIRTUAL_HOST_DISCOVERY", "true")
    if settings.dns.address:
        result["DNS_PROXY_ADDR"] = str(settings.dns.address)
    if settings.drain.until_no_connections:
        result["EXIT_ON_ZERO_ACTIVE_CONNECTIONS"] = "true"
    return {key: value for key, value in result.items() if value not in ("", {}, None)}
