"""Kinds of objects and where they live under an API server's URL.

Knows: group, version, plural and scope of the kinds that this project reads or writes, and the rules by
which paths are built from them. Does not know the objects' fields.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """One resource of the API. ``group`` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """``v1`` or ``apps/v1``, as objects spell it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of a collection, an object or its subresource.

        An empty namespace is every namespace for a collection; an object of a namespaced kind needs one
        (``ValueError``). For kinds of the cluster the namespace is left out.
        """
        if self.namespaced and name and not namespace:
            raise ValueError(f"{self.kind} {name!r} needs a namespace")
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


def _core(plural: str, kind: str, *, namespaced: bool = True) -> Kind:
    return Kind("", "v1", plural, kind, namespaced)


def _gateway_api(plural: str, kind: str, version: str = "v1", *, namespaced: bool = True) -> Kind:
    return Kind("gateway.networking.k8s.io", version, plural, kind, namespaced)


def _istio(group: str, plural: str, kind: str) -> Kind:
    return Kind(f"{group}.istio.io", "v1", plural, kind)


NAMESPACE = _core("namespaces", "Namespace", namespaced=False)
NODE = _core("nodes", "Node", namespaced=False)
POD = _core("pods", "Pod")
SERVICE = _core("services", "Service")
SERVICE_ACCOUNT = _core("serviceaccounts", "ServiceAccount")
CONFIG_MAP = _core("configmaps", "ConfigMap")
SECRET = _core("secrets", "Secret")
EVENT = _core("events", "Event")
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")

DEPLOYMENT = Kind("apps", "v1", "deployments", "Deployment")
DAEMON_SET = Kind("apps", "v1", "daemonsets", "DaemonSet")
STATEFUL_SET = Kind("apps", "v1", "statefulsets", "StatefulSet")
REPLICA_SET = Kind("apps", "v1", "replicasets", "ReplicaSet")
JOB = Kind("batch", "v1", "jobs", "Job")
HORIZONTAL_POD_AUTOSCALER = Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
POD_DISRUPTION_BUDGET = Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
NETWORK_POLICY = Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy")
RESOURCE_QUOTA = _core("resourcequotas", "ResourceQuota")
LEASE = Kind("coordination.k8s.io", "v1", "leases", "Lease")

MUTATING_WEBHOOK = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    namespaced=False,
)
VALIDATING_WEBHOOK = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)
CUSTOM_RESOURCE_DEFINITION = Kind(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)

ROLE = Kind("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLE_BINDING = Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLE = Kind("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDING = Kind(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)
TOKEN_REVIEW = Kind("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced=False)
SUBJECT_ACCESS_REVIEW = Kind(
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False
)

GATEWAY = _istio("networking", "gateways", "Gateway")
VIRTUAL_SERVICE = _istio("networking", "virtualservices", "VirtualService")
DESTINATION_RULE = _istio("networking", "destinationrules", "DestinationRule")
SERVICE_ENTRY = _istio("networking", "serviceentries", "ServiceEntry")
SIDECAR = _istio("networking", "sidecars", "Sidecar")
WORKLOAD_ENTRY = _istio("networking", "workloadentries", "WorkloadEntry")
WORKLOAD_GROUP = _istio("networking", "workloadgroups", "WorkloadGroup")
ENVOY_FILTER = Kind("networking.istio.io", "v1alpha3", "envoyfilters", "EnvoyFilter")
PROXY_CONFIG = Kind("networking.istio.io", "v1beta1", "proxyconfigs", "ProxyConfig")
PEER_AUTHENTICATION = _istio("security", "peerauthentications", "PeerAuthentication")
REQUEST_AUTHENTICATION = _istio("security", "requestauthentications", "RequestAuthentication")
AUTHORIZATION_POLICY = _istio("security", "authorizationpolicies", "AuthorizationPolicy")
TELEMETRY = _istio("telemetry", "telemetries", "Telemetry")

GATEWAY_CLASS = _gateway_api("gatewayclasses", "GatewayClass", namespaced=False)
KUBERNETES_GATEWAY = _gateway_api("gateways", "Gateway")
HTTP_ROUTE = _gateway_api("httproutes", "HTTPRoute")
GRPC_ROUTE = _gateway_api("grpcroutes", "GRPCRoute")
TLS_ROUTE = _gateway_api("tlsroutes", "TLSRoute")
TCP_ROUTE = _gateway_api("tcproutes", "TCPRoute", "v1alpha2")
REFERENCE_GRANT = _gateway_api("referencegrants", "ReferenceGrant", "v1beta1")
