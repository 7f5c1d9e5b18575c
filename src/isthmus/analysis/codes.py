"""Istio's codes, and the list of all."""

from __future__ import annotations

from isthmus.analysis import cluster_codes
from isthmus.analysis.finding import Code, Level

_INFO, _WARNING, _ERROR = Level.INFO, Level.WARNING, Level.ERROR

NOT_FOUND = Code("IST0101", "ReferencedResourceNotFound", _ERROR, 'Referenced {} not found: "{}"')
NOT_INJECTED = Code(
    "IST0102",
    "NamespaceNotInjected",
    _INFO,
    "The namespace is not enabled for Istio injection. Run 'kubectl label namespace {0} istio-injection=enabled' "
    "to enable it, or 'kubectl label namespace {0} istio-injection=disabled' to explicitly mark it as not "
    "needing injection.",
)
MISSING_PROXY = Code(
    "IST0103",
    "PodMissingProxy",
    _WARNING,
    "The pod {} is missing the Istio proxy. This can often be resolved by restarting or redeploying the workload.",
)
SCHEMA_ERROR = Code("IST0106", "SchemaValidationError", _ERROR, "Schema validation error: {}")
CONFLICTING_MESH_HOSTS = Code(
    "IST0109",
    "ConflictingMeshGatewayVirtualServiceHosts",
    _ERROR,
    "The VirtualServices {} associated with mesh gateway define the same host {} which can lead to undefined "
    "behavior. This can be fixed by merging the conflicting VirtualServices into a single resource.",
)
CONFLICTING_SIDECARS = Code(
    "IST0110",
    "ConflictingSidecarWorkloadSelectors",
    _ERROR,
    'The Sidecars {} in namespace "{}" select the same workload pod "{}", which can lead to undefined behavior.',
)
SEVERAL_DEFAULT_SIDECARS = Code(
    "IST0111",
    "MultipleSidecarsWithoutWorkloadSelectors",
    _ERROR,
    'The Sidecars {} in namespace "{}" have no workload selector, which can lead to undefined behavior.',
)
PORT_REQUIRED = Code(
    "IST0112",
    "VirtualServiceDestinationPortSelectorRequired",
    _ERROR,
    'This VirtualService routes to a service "{}" that exposes multiple ports {}. Specifying a port in the '
    "destination is required to disambiguate.",
)
CONFLICTING_PROTOCOLS = Code(
    "IST0116",
    "DeploymentAssociatedToMultipleServices",
    _WARNING,
    "This deployment {} is associated with multiple services using port {} but different protocols: {}",
)
PORT_NAME = Code(
    "IST0118",
    "PortNameIsNotUnderNamingConvention",
    _INFO,
    "Port name {} (port: {}, targetPort: {}) doesn't follow the naming convention of Istio port.",
)
SEVERAL_INJECTION_LABELS = Code(
    "IST0123",
    "NamespaceMultipleInjectionLabels",
    _WARNING,
    "The namespace has more than one type of injection labels {}, which may lead to undefined behavior. Make sure "
    "only one injection label exists.",
)
UNKNOWN_REGISTRY = Code(
    "IST0126", "UnknownMeshNetworksServiceRegistry", _ERROR, "Unknown service registry {} in network {}", wide=True
)
NO_WORKLOADS = Code(
    "IST0127",
    "NoMatchingWorkloadsFound",
    _WARNING,
    "No matching workloads for this resource with the following labels: {}",
)
UNVERIFIED_HOST = Code(
    "IST0128",
    "NoServerCertificateVerificationDestinationLevel",
    _WARNING,
    "DestinationRule {} in namespace {} has TLS mode set to {} but no caCertificates are set to validate server "
    "identity for host: {}",
)
UNVERIFIED_PORT = Code(
    "IST0129",
    "NoServerCertificateVerificationPortLevel",
    _WARNING,
    "DestinationRule {} in namespace {} has TLS mode set to {} but no caCertificates are set to validate server "
    "identity for host: {} at port {}",
)
UNREACHABLE_RULE = Code("IST0130", "VirtualServiceUnreachableRule", _WARNING, "VirtualService rule is not used: {}")
INEFFECTIVE_MATCH = Code(
    "IST0131",
    "VirtualServiceIneffectiveMatch",
    _INFO,
    "VirtualService match is not used: {}",
)
HOST_NOT_IN_GATEWAY = Code(
    "IST0132",
    "VirtualServiceHostNotFoundInGateway",
    _WARNING,
    "one or more host {} defined in VirtualService {} not found in Gateway {}.",
)
SCHEMA_WARNING = Code("IST0133", "SchemaWarning", _WARNING, "Schema validation warning: {}")
ADDRESSES_REQUIRED = Code(
    "IST0134",
    "ServiceEntryAddressesRequired",
    _WARNING,
    "ServiceEntry addresses are required for this protocol: {}",
)
CONFLICTING_PORTS = Code(
    "IST0137",
    "DeploymentConflictingPorts",
    _WARNING,
    'This deployment {} is associated with multiple services {} using targetPort "{}" but different ports: {}.',
)
INVALID_WEBHOOK = Code("IST0139", "InvalidWebhook", _ERROR, "{}", wide=True)
CONFLICTING_GATEWAYS = Code(
    "IST0145",
    "ConflictingGateways",
    _ERROR,
    "Conflict with gateways {} (workload selector {}, port {}, hosts {}).",
)
INVALID_CREDENTIAL = Code(
    "IST0161",
    "InvalidGatewayCredential",
    _ERROR,
    "The credential referenced by the Gateway {} in namespace {} is invalid, which can cause the traffic not to "
    "work as expected. {}",
)
PORT_NOT_ON_SERVICE = Code(
    "IST0162",
    "GatewayPortNotDefinedOnService",
    _WARNING,
    "The gateway is listening on a target port (port {}) that is not defined in the Service associated with its "
    "workload instances (Pod selector {}). If you need to access the gateway port through the gateway Service, it "
    "will not be available.",
)
INCONSISTENT_SERVICE = Code(
    "IST0165",
    "MultiClusterInconsistentService",
    _WARNING,
    'The service {} in namespace "{}" is inconsistent across clusters {}, which can lead to undefined behaviors. '
    "The inconsistent behaviors are: {}.",
)

ALL: tuple[Code, ...] = (
    *sorted((v for v in globals().values() if isinstance(v, Code)), key=lambda code: code.id),
    *cluster_codes.ALL,
)
