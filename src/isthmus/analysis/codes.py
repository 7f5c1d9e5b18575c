"""All codes."""

from __future__ import annotations

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

SECRET_MALFORMED = Code(
    "ISM0101", "RemoteSecretMalformed", _ERROR, "The kubeconfig for cluster {} is ignored: {}.", wide=True
)
SECRET_OF_OWN_CLUSTER = Code(
    "ISM0102",
    "RemoteSecretForOwnCluster",
    _WARNING,
    "The key {0} is the name of this very cluster, so it is ignored. Delete this secret here and apply it in the "
    "other clusters.",
    wide=True,
)
CLUSTER_IN_SEVERAL_SECRETS = Code(
    "ISM0103",
    "ClusterInSeveralSecrets",
    _ERROR,
    "Cluster {0} is also in the secret {1}, which was first; this key is ignored. Delete one of the two.",
    wide=True,
)
CLUSTER_UNREACHABLE = Code(
    "ISM0104",
    "RemoteClusterUnreachable",
    _WARNING,
    "Cluster {} cannot be read from here with this kubeconfig: {}.",
    wide=True,
)
ROOTS_DIFFER = Code(
    "ISM0105",
    "RootsDiffer",
    _ERROR,
    "Clusters {} and {} have no root certificate in common (SHA-256 {} and {}): workloads will refuse each other. "
    "Sign both certificate authorities with one root (secret cacerts), or add each root to the other's bundle.",
    wide=True,
)
NETWORK_WITHOUT_GATEWAY = Code(
    "ISM0106",
    "NetworkWithoutGateway",
    _WARNING,
    "Network {0} (of cluster {1}) has no gateway: other networks cannot reach it. Install an east-west gateway "
    "whose Service has the label topology.istio.io/network={0}.",
    wide=True,
)
NAMESPACE_WITHOUT_ROOT = Code(
    "ISM0107",
    "NamespaceWithoutRoot",
    _ERROR,
    "The namespace has no ConfigMap istio-ca-root-cert: pods with a proxy cannot start here. Is a control plane "
    "running that may write to this cluster?",
)
GATEWAY_ADDRESS_PENDING = Code(
    "ISM0108",
    "NetworkGatewayAddressPending",
    _WARNING,
    "The gateway of network {} has no address yet: other networks cannot reach it. Does the cluster have a load "
    "balancer? (kubectl get service shows EXTERNAL-IP <pending>)",
    wide=True,
)
NETWORK_NOT_LABELLED = Code(
    "ISM0109",
    "NetworkNotLabelled",
    _WARNING,
    "Other parts of the mesh are on named networks, this cluster is on none: its workloads count as reachable "
    "from everywhere. Run 'kubectl label namespace {} topology.istio.io/network=<name>'.",
    wide=True,
)
LOOPBACK_SERVER = Code(
    "ISM0110",
    "RemoteSecretServerIsLoopback",
    _ERROR,
    "The API server of cluster {} is {}, which only its own machine can reach. Create the secret again with "
    "'create-remote-secret --server https://ADDRESS:PORT'.",
    wide=True,
)
GATEWAY_PORT_MISSING = Code(
    "ISM0111",
    "NetworkGatewayPortMissing",
    _WARNING,
    "The gateway of network {} has no port {}: it is not used. Add the port to the Service, or name another one "
    "in the label networking.istio.io/gatewayPort.",
    wide=True,
)
INCOMPLETE = Code(
    "ISM0114",
    "AnalysisIncomplete",
    _WARNING,
    "These credentials may not read {}, so that {} were not analyzed.",
    wide=True,
)
MESH_SETTINGS = Code("ISM0113", "MeshSettingsProblem", _WARNING, "Mesh settings: {}", wide=True)
SERVICE_MISSING_IN_CALLING_CLUSTER = Code(
    "ISM0112",
    "ServiceMissingInCluster",
    _INFO,
    "The service exists in clusters {} but not in {}: its name does not resolve there without DNS proxying.",
)

ALL: tuple[Code, ...] = tuple(sorted((v for v in globals().values() if isinstance(v, Code)), key=lambda code: code.id))
