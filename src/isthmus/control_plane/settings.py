"""Settings of the control plane: one frozen record, read once at start from flags and environment.

Names of flags and variables are Istio's (``pilot-discovery discovery``), so that charts and overlays written
for Istio work unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from isthmus.control_plane.addresses import Address


class Settings(msgspec.Struct, frozen=True):
    """Everything that the process may be told. Durations are seconds."""

    cluster_id: str = "Kubernetes"
    namespace: str = "istio-system"
    pod_name: str = "istiod"
    revision: str = "default"
    domain: str = "cluster.local"
    kubeconfig: Path | None = None
    context: str | None = None
    http: Address | None = Address("", 8080)
    webhook: Address | None = Address("", 15017)
    grpc: Address | None = Address("", 15010)
    secure_grpc: Address | None = Address("", 15012)
    legacy_secure_grpc: Address | None = None  # the same on the port of Istio 1.1, :15011
    monitoring: Address | None = Address("", 15014)
    mesh_config: Path = Path("./etc/istio/config/mesh")
    mesh_networks: Path = Path("./etc/istio/config/meshNetworks")
    shared_mesh_config: str = ""  # name of a ConfigMap below the standard one
    injection_directory: Path = Path("./var/lib/istio/inject")
    injection_webhook: str = "istio-sidecar-injector"
    validation_webhook: str = "istio-istio-system"
    ca_directory: Path = Path("./etc/cacerts")
    tls_certificate: Path | None = None  # of somebody else, to serve with; only together with key and roots
    tls_key: Path | None = None
    tls_roots: Path | None = None
    serving_directory: Path = Path("./var/run/secrets/istiod")  # where such a certificate is mounted
    token_audiences: tuple[str, ...] = ("istio-ca",)
    custom_hosts: tuple[str, ...] = ()
    workload_ttl: float = 24 * 3600.0
    max_workload_ttl: float = 90 * 24 * 3600.0
    self_signed_ttl: float = 3650 * 24 * 3600.0
    several_roots: bool = False  # ISTIO_MULTIROOT_MESH: a root may be joined by another
    xds_auth: bool = True
    identity_check: bool = True
    leader_election: bool = True  # ENABLE_LEADER_ELECTION: false for one replica that need not ask
    external: bool = False  # EXTERNAL_ISTIOD: may manage remote clusters
    local_secrets: bool = False  # LOCAL_CLUSTER_SECRET_WATCHER: remote secrets are in the cluster that runs this
    virtual_host_discovery: bool = True  # for proxies that declare that they take virtual hosts one by one
    remote_timeout: float = 30.0
    copy_interval: float = 30.0  # ISTHMUS_CLUSTER_COPY_INTERVAL: between writes of a remote cluster's copy; 0: none
    max_stream_age: float = 1800.0
    shutdown: float = 10.0
    insecure_kubeconfig_options: tuple[str, ...] = ()
    allowed_debug_namespaces: tuple[str, ...] = ()
    native_sidecars: str = "auto"  # true, false or auto: by the nodes' versions
    compliance_policy: str = ""
    environment: Mapping[str, str] = {}  # the process's own, as injection templates may read it
    log_level: str = "info"

    @property
    def revision_suffix(self) -> str:
        """What revisioned object names end with: empty for the default revision."""
        return "" if self.revision in ("", "default") else f"-{self.revision}"

    @property
    def mesh_config_map(self) -> str:
        """The ConfigMap with the mesh's settings."""
        return f"istio{self.revision_suffix}"

    @property
    def injection_config_map(self) -> str:
        """The ConfigMap with the injection templates."""
        return f"istio-sidecar-injector{self.revision_suffix}"

    @property
    def discovery_address(self) -> str:
        """Where proxies of this cluster find this control plane."""
        return f"istiod{self.revision_suffix}.{self.namespace}.svc:15012"


class SettingsError(ValueError):
    """A flag or variable that cannot be used; the message names it and says what it takes."""


def from_environment(environment: Mapping[str, str], base: Settings | None = None) -> Settings:
    """Settings from environment variables over ``base``; ``SettingsError`` names the variable that is wrong."""
    changes: dict[str, object] = {}
    for variable, (field, parse) in _VARIABLES.items():
        text = environment.get(variable, "")
        if text == "" and variable not in _MAY_BE_EMPTY.intersection(environment):
            continue
        try:
            changes[field] = parse(text)
        except ValueError as error:
            raise SettingsError(f"environment variable {variable}={text!r}: {error}") from error
    return msgspec.structs.replace(base or Settings(), environment=dict(environment), **changes)


def duration(text: str) -> float:
    """Seconds from a Go duration (``1h30m``, ``500ms``); ValueError says what is expected."""
    total, rest = 0.0, "" if text.strip() == "0" else text.strip()
    while rest:
        digits = len(rest) - len(rest.lstrip("0123456789."))
        unit = next((unit for unit in _UNITS if rest[digits:].startswith(unit)), "")
        if not digits or not unit:
            raise ValueError("expected a duration such as 24h, 90m or 500ms")
        total += float(rest[:digits]) * _UNITS[unit]
        rest = rest[digits + len(unit) :]
    return total


def switch(text: str) -> bool:
    """A boolean as Go's strconv reads it."""
    lowered = text.lower()
    if lowered in ("1", "t", "true"):
        return True
    if lowered in ("0", "f", "false"):
        return False
    raise ValueError("expected true or false")


def words(text: str) -> tuple[str, ...]:
    """A comma separated list."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_MAY_BE_EMPTY = frozenset({"INJECTION_WEBHOOK_CONFIG_NAME", "VALIDATION_WEBHOOK_CONFIG_NAME"})
_VARIABLES: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "CLUSTER_ID": ("cluster_id", str),
    "POD_NAMESPACE": ("namespace", str),
    "POD_NAME": ("pod_name", str),
    "REVISION": ("revision", str),
    "TOKEN_AUDIENCES": ("token_audiences", words),
    "ISTIOD_CUSTOM_HOST": ("custom_hosts", words),
    "INJECTION_WEBHOOK_CONFIG_NAME": ("injection_webhook", str),
    "VALIDATION_WEBHOOK_CONFIG_NAME": ("validation_webhook", str),
    "ROOT_CA_DIR": ("ca_directory", Path),
    "DEFAULT_WORKLOAD_CERT_TTL": ("workload_ttl", duration),
    "MAX_WORKLOAD_CERT_TTL": ("max_workload_ttl", duration),
    "CITADEL_SELF_SIGNED_CA_CERT_TTL": ("self_signed_ttl", duration),
    "ISTIO_MULTIROOT_MESH": ("several_roots", switch),
    "XDS_AUTH": ("xds_auth", switch),
    "SHARED_MESH_CONFIG": ("shared_mesh_config", str),
    "PILOT_ENABLE_XDS_IDENTITY_CHECK": ("identity_check", switch),
    "ENABLE_LEADER_ELECTION": ("leader_election", switch),
    "EXTERNAL_ISTIOD": ("external", switch),
    "LOCAL_CLUSTER_SECRET_WATCHER": ("local_secrets", switch),
    "PILOT_ENABLE_VIRTUAL_HOST_DISCOVERY": ("virtual_host_discovery", switch),
    "PILOT_REMOTE_CLUSTER_TIMEOUT": ("remote_timeout", duration),
    "ISTHMUS_CLUSTER_COPY_INTERVAL": ("copy_interval", duration),
    "PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS": ("insecure_kubeconfig_options", words),
    "ENABLE_NATIVE_SIDECARS": ("native_sidecars", str.lower),
    "COMPLIANCE_POLICY": ("compliance_policy", str),
    "DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES": ("allowed_debug_namespaces", words),
}
VARIABLE_NAMES = tuple(_VARIABLES)
