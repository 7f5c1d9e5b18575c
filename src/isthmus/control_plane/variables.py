"""What the environment variables of the control plane's process mean, for its help."""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.control_plane.settings import VARIABLE_NAMES

_MEANINGS = {
    "CITADEL_SELF_SIGNED_CA_CERT_TTL": "Lifetime of the root that is made where none is plugged in.",
    "CLUSTER_ID": "Name of this cluster (--cluster).",
    "COMPLIANCE_POLICY": "Restricts TLS, such as fips-140-2.",
    "DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES": "Namespaces whose accounts may read all debug pages.",
    "DEFAULT_WORKLOAD_CERT_TTL": "Lifetime of certificates that ask for none, such as 24h.",
    "ENABLE_LEADER_ELECTION": "Whether replicas agree on who writes, through a Lease.",
    "ENABLE_NATIVE_SIDECARS": "true, false or auto (by the nodes' versions).",
    "EXTERNAL_ISTIOD": "Whether remote clusters may be managed from here.",
    "INJECTION_WEBHOOK_CONFIG_NAME": "Injection webhook to keep the CA bundle in; empty for none.",
    "ISTHMUS_CLUSTER_COPY_INTERVAL": "Between copies of remote clusters, which a start falls back on; 0s for none.",
    "ISTIOD_CUSTOM_HOST": "Further names in the serving certificate, comma separated.",
    "ISTIO_MULTIROOT_MESH": "Whether a root may be joined by another.",
    "KUBECONFIG": "API server to work on, when there is no --kubeconfig; several files are merged.",
    "KUBERNETES_SERVICE_HOST": "Set in every pod: the pod's own API server, when there is no kubeconfig.",
    "KUBERNETES_SERVICE_PORT": "Set in every pod, as above.",
    "LOCAL_CLUSTER_SECRET_WATCHER": "Whether remote secrets are looked for where the process runs.",
    "MAX_WORKLOAD_CERT_TTL": "Longest lifetime that is granted.",
    "PILOT_ENABLE_VIRTUAL_HOST_DISCOVERY": "Whether proxies that declare it get virtual hosts one by one.",
    "PILOT_ENABLE_XDS_IDENTITY_CHECK": "Whether a proxy must be of its caller's namespace and account.",
    "PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS": "Unsafe kubeconfig fields that remote secrets may use.",
    "PILOT_REMOTE_CLUSTER_TIMEOUT": "How long a start waits for remote clusters.",
    "POD_NAME": "This replica's name, in leases and debug pages.",
    "POD_NAMESPACE": "Where the control plane lives (--system-namespace).",
    "REVISION": "Revision that this control plane serves.",
    "ROOT_CA_DIR": "Plugged-in CA (--ca-directory).",
    "SHARED_MESH_CONFIG": "ConfigMap with mesh settings below the standard one.",
    "TOKEN_AUDIENCES": "Audiences of tokens that are accepted, comma separated.",
    "VALIDATION_WEBHOOK_CONFIG_NAME": "Validation webhook to keep the CA bundle in; empty for none.",
    "XDS_AUTH": "Whether proxies must authenticate on the ports with TLS.",
}


def variables() -> Mapping[str, str]:
    """Every variable that the process reads, by name, with what it means."""
    return {name: _MEANINGS.get(name, "") for name in sorted({*VARIABLE_NAMES, *_MEANINGS})}
