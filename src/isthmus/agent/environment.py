"""Reads an agent's settings from its arguments, its environment and the files of its pod.

Knows: the variables of Istio's agent and their defaults. Does not know what the settings are used for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.agent import pod, proxy_config, system_roots
from isthmus.agent.settings import (
    Address,
    Application,
    Certificates,
    Dns,
    Drain,
    KeyKind,
    Logging,
    Paths,
    Ports,
    Settings,
    Upstream,
)
from isthmus.process import interfaces
from isthmus.process.variables import SettingError, Variables

_SYSTEM_ROOTS = "SYSTEM"
_MESH_ROOT = "var/run/secrets/istio/root-cert.pem"
_DEFAULT_LOGGING = Logging(envoy="warning", envoy_components="misc:error", agent="default:info")
_LEGACY_ROOT = "etc/certs/root-cert.pem"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line of ``proxy``; empty strings where a flag was not given."""

    proxy_type: str = "sidecar"
    domain: str = ""
    service_cluster: str = ""
    concurrency: int | None = None
    mesh_config: str = "./etc/istio/config/mesh"
    logging: Logging = _DEFAULT_LOGGING


def read_settings(arguments: Arguments, environ: Mapping[str, str], root: Path) -> Settings:
    """All settings; SettingError says which one is wrong. ``root`` stands for ``/`` (see ``Paths``)."""
    variables = Variables(environ)
    this_pod = _pod(variables, root)
    proxy = _proxy_config(arguments, variables, this_pod, root)
    metadata = _metadata(variables, proxy)
    discovery = parse_address(proxy.discovery_address, "discoveryAddress")
    return Settings(
        proxy_type=arguments.proxy_type,
        dns_domain=arguments.domain or f"{this_pod.namespace}.svc.cluster.local",
        pod=this_pod,
        proxy=proxy,
        cpu_limit=variables.integer("ISTIO_CPU_LIMIT", 0),
        paths=_paths(variables, proxy, root),
        discovery=_discovery(variables, proxy, discovery, root),
        delta=variables.boolean("ISTIO_DELTA_XDS", True),
        certificates=_certificates(variables, this_pod, discovery, root),
        ports=_ports(variables, proxy),
        drain=_drain(variables, proxy),
        dns=_dns(variables, metadata),
        application=_application(variables),
        logging=arguments.logging,
        metadata=metadata,
        metadata_json=_metadata_json(variables),
    )


def parse_address(text: str, source: str) -> Address:
    """``host:port`` or ``[v6]:port``; SettingError names the source."""
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isdecimal():
        raise SettingError(f"{source}={text!r}: expected host:port")
    return Address(host.strip("[]"), int(port))


def _pod(variables: Variables, root: Path) -> pod.Pod:
    reported = variables.text("INSTANCE_IP")
    addresses = dict.fromkeys([*([reported] if reported else []), *interfaces.own_addresses()])
    return pod.Pod(
        name=variables.text("POD_NAME"),
        namespace=variables.text("POD_NAMESPACE"),
        service_account=variables.text("SERVICE_ACCOUNT"),
        addresses=tuple(addresses),
        labels=pod.read_labels(root / "etc/istio/pod/labels"),
        annotations=pod.read_downward_file(root / "etc/istio/pod/annotations"),
    )


def _proxy_config(
    arguments: Arguments, variables: Variables, this_pod: pod.Pod, root: Path
) -> proxy_config.ProxyConfig:
    """Precedence: defaults, mesh file, PROXY_CONFIG, the pod's annotation, the command line."""
    annotation = "proxy.istio.io/config"
    command_line = {"serviceCluster": arguments.service_cluster or None, "concurrency": arguments.concurrency}
    layers = (
        proxy_config.DEFAULTS,
        _mesh_defaults(root / arguments.mesh_config),
        proxy_config.parse_layer(variables.text("PROXY_CONFIG"), "PROXY_CONFIG"),
        proxy_config.parse_layer(this_pod.annotations.get(annotation, ""), f"annotation {annotation}"),
        command_line,
    )
    return proxy_config.proxy_config(proxy_config.merge(*layers))


def _mesh_defaults(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    return proxy_config.parse_layer(path.read_text(), str(path)).get("defaultConfig") or {}


def _paths(variables: Variables, proxy: proxy_config.ProxyConfig, root: Path) -> Paths:
    output, override = variables.text("OUTPUT_CERTS"), variables.text("ISTIO_BOOTSTRAP_OVERRIDE")
    socket_name = variables.text("WORKLOAD_IDENTITY_SOCKET_FILE", "socket")
    return Paths(
        config=root / proxy.config_path,
        token=root / "var/run/secrets/tokens/istio-token",
        mesh_root=root / _MESH_ROOT,
        workload_socket=root / "var/run/secrets/workload-spiffe-uds" / socket_name,
        workload_certificates=root / "var/run/secrets/workload-spiffe-credentials",
        output_certificates=root / output if output else None,
        bootstrap_override=root / override if override else None,
    )


def _discovery(variables: Variables, proxy: proxy_config.ProxyConfig, address: Address, root: Path) -> Upstream:
    return Upstream(
        address=address,
        server_name=variables.text("ISTIOD_SAN", address.host),
        root=_root(variables, "XDS_ROOT_CA", root),
        headers=_headers(variables, "XDS_HEADER_"),
        shows_certificate=Variables({**proxy.metadata, **variables.values}).boolean("XDS_CLIENT_CERTIFICATE"),
    )


def _root(variables: Variables, name: str, root: Path) -> Path:
    """The bundle that a server is held to, in the contract's order."""
    chosen = variables.text(name)
    if chosen == _SYSTEM_ROOTS:
        return system_roots.path()
    if chosen:
        return root / chosen
    provisioned = variables.text("PROV_CERT")
    candidates = [root / _LEGACY_ROOT, *([root / provisioned / "root-cert.pem"] if provisioned else [])]
    return next((path for path in candidates if path.is_file()), root / _MESH_ROOT)


def _headers(variables: Variables, prefix: str) -> dict[str, str]:
    extra = {name.lower(): value for name, value in variables.with_prefix(prefix).items()}
    return {"clusterid": variables.text("ISTIO_META_CLUSTER_ID", "Kubernetes"), **extra}


def _certificates(variables: Variables, this_pod: pod.Pod, discovery: Address, root: Path) -> Certificates:
    address = parse_address(variables.text("CA_ADDR", str(discovery)), "CA_ADDR")
    authority = Upstream(
        address=address,
        server_name=variables.text("ISTIOD_SAN", address.host),
        root=_root(variables, "CA_ROOT_CA", root),
        headers=_headers(variables, "CA_HEADER_"),
    )
    trust_domain = variables.text("TRUST_DOMAIN", "cluster.local").replace("@", ".")
    return Certificates(
        authority=authority,
        identity=f"spiffe://{trust_domain}/ns/{this_pod.namespace}/sa/{this_pod.service_account}",
        key=_key_kind(variables),
        lifetime=variables.duration("SECRET_TTL", "24h"),
        grace_ratio=variables.number("SECRET_GRACE_PERIOD_RATIO", 0.5),
        grace_jitter=variables.number("SECRET_GRACE_PERIOD_RATIO_JITTER", 0.01),
        signer=variables.text("ISTIO_META_CERT_SIGNER"),
        files_only=variables.boolean("FILE_MOUNTED_CERTS"),
    )


def _key_kind(variables: Variables) -> KeyKind:
    """P-256 unless RSA is asked for by its size: the key costs a thirtieth, and so does every handshake."""
    pkcs8 = variables.boolean("PKCS8_KEY")
    if not variables.text("ECC_SIGNATURE_ALGORITHM") and variables.text("WORKLOAD_RSA_KEY_SIZE"):
        return KeyKind("RSA", variables.integer("WORKLOAD_RSA_KEY_SIZE", 2048), pkcs8)
    curve = variables.text("ECC_CURVE", "P256")
    if curve not in ("P256", "P384"):
        raise SettingError(f"ECC_CURVE={curve!r}: expected P256 or P384")
    return KeyKind(curve, pkcs8=pkcs8)


def _ports(variables: Variables, proxy: proxy_config.ProxyConfig) -> Ports:
    return Ports(
        status=proxy.status_port,
        admin=proxy.admin_port,
        envoy_status=variables.integer("ENVOY_STATUS_PORT", 15021),
        envoy_prometheus=variables.integer("ENVOY_PROMETHEUS_PORT", 15090),
    )


def _drain(variables: Variables, proxy: proxy_config.ProxyConfig) -> Drain:
    return Drain(
        listener_seconds=proxy.drain_seconds,
        termination_seconds=proxy.termination_drain_seconds,
        minimum_seconds=variables.duration("MINIMUM_DRAIN_DURATION", "5s"),
        until_no_connections=variables.boolean("EXIT_ON_ZERO_ACTIVE_CONNECTIONS")
        or proxy.metadata.get("EXIT_ON_ZERO_ACTIVE_CONNECTIONS", "").lower() == "true",
    )


def _dns(variables: Variables, metadata: Mapping[str, str]) -> Dns:
    captured = metadata.get("DNS_CAPTURE", "").lower() == "true"
    address = parse_address(variables.text("DNS_PROXY_ADDR", "localhost:15053"), "DNS_PROXY_ADDR")
    return Dns(
        address=address if captured else None,
        forward_timeout=variables.duration("DNS_FORWARD_TIMEOUT", "5s"),
        forward_parallel=variables.boolean("DNS_FORWARD_PARALLEL"),
    )


def _application(variables: Variables) -> Application:
    return Application(
        probers=_json_object(variables, "ISTIO_KUBE_APP_PROBERS"),
        metrics=_json_object(variables, "ISTIO_PROMETHEUS_ANNOTATIONS"),
    )


def _json_object(variables: Variables, name: str) -> dict[str, Any]:
    text = variables.text(name, "{}")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingError(f"{name}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise SettingError(f"{name}: expected a JSON object, found {text[:40]!r}")
    return value


def _metadata(variables: Variables, proxy: proxy_config.ProxyConfig) -> dict[str, str]:
    """``ISTIO_META_*`` of the proxy settings and of the environment, which wins."""
    prefix = "ISTIO_META_"
    return {**Variables(proxy.metadata).with_prefix(prefix), **variables.with_prefix(prefix)}


def _metadata_json(variables: Variables) -> dict[str, Any]:
    """The merged objects of ``ISTIO_METAJSON_*``; the one named LABELS holds labels and lands under that key."""
    result: dict[str, Any] = {}
    for suffix in sorted(variables.with_prefix("ISTIO_METAJSON_")):
        value = _json_object(variables, f"ISTIO_METAJSON_{suffix}")
        result.update({"LABELS": value, "STATIC_LABELS": value} if suffix == "LABELS" else value)
    return result
