"""Our own codes, most of them about several clusters: what is wrong, why it matters, what to do."""

from __future__ import annotations

from isthmus.analysis.finding import Code, Level

_INFO, _WARNING, _ERROR = Level.INFO, Level.WARNING, Level.ERROR

SECRET_MALFORMED = Code(
    "ISM0101",
    "RemoteSecretMalformed",
    _ERROR,
    "The kubeconfig for cluster {} is ignored: {}.",
    wide=True,
    cause="A control plane joins a cluster only with a kubeconfig that it can read and may safely use.",
    cure="Make the secret again with 'istioctl create-remote-secret --name={0}'.",
)
SECRET_OF_OWN_CLUSTER = Code(
    "ISM0102",
    "RemoteSecretForOwnCluster",
    _WARNING,
    "The key {0} is the name of this very cluster, so it is ignored.",
    wide=True,
    cause="A control plane reads its own cluster with its service account.",
    cure="Delete this secret here and apply it in the other clusters.",
)
CLUSTER_IN_SEVERAL_SECRETS = Code(
    "ISM0103",
    "ClusterInSeveralSecrets",
    _ERROR,
    "Cluster {0} is also in the secret {1}, which was first; this key is ignored.",
    wide=True,
    cause="A cluster is read with one credential; the older secret counts.",
    cure="Delete one of the two.",
)
CLUSTER_UNREACHABLE = Code(
    "ISM0104",
    "RemoteClusterUnreachable",
    _WARNING,
    "Cluster {} cannot be reached from here with this kubeconfig: {}.",
    wide=True,
    cause="Nothing answers as a Kubernetes API server under the kubeconfig's URL.",
    cure="Check the address and the way to it; 'create-remote-secret --server https://ADDRESS:PORT' sets another one.",
)
ROOTS_DIFFER = Code(
    "ISM0105",
    "RootsDiffer",
    _ERROR,
    "Clusters {} and {} have no root certificate in common (SHA-256 {} and {}): workloads will refuse each other.",
    wide=True,
    cause="Without the secret cacerts each control plane makes a root of its own.",
    cure="Sign both certificate authorities with one root (secret cacerts), or add each root to the other's bundle.",
)
NETWORK_WITHOUT_GATEWAY = Code(
    "ISM0106",
    "NetworkWithoutGateway",
    _WARNING,
    "Network {0} (of cluster {1}) has no gateway: other networks cannot reach it.",
    wide=True,
    cause="Traffic between networks goes through a gateway whose Service names its network in a label.",
    cure="Install an east-west gateway whose Service has the label topology.istio.io/network={0}.",
)
NAMESPACE_WITHOUT_ROOT = Code(
    "ISM0107",
    "NamespaceWithoutRoot",
    _ERROR,
    "The namespace has no ConfigMap istio-ca-root-cert: pods with a proxy cannot start here.",
    wide=True,
    cause="A control plane writes the ConfigMap into every namespace of the clusters that it looks after.",
    cure="Is a control plane running that may write to this cluster?",
)
GATEWAY_ADDRESS_PENDING = Code(
    "ISM0108",
    "NetworkGatewayAddressPending",
    _WARNING,
    "The gateway of network {} has no address yet: other networks cannot reach it.",
    wide=True,
    cause="The Service is of type LoadBalancer and nothing has given it an address.",
    cure="Does the cluster have a load balancer? (kubectl get service shows EXTERNAL-IP <pending>)",
)
NETWORK_NOT_LABELLED = Code(
    "ISM0109",
    "NetworkNotLabelled",
    _WARNING,
    "Other parts of the mesh are on named networks, this cluster is on none: its workloads count as reachable "
    "from everywhere.",
    wide=True,
    cause="The network of a cluster is a label of its system namespace.",
    cure="Run 'kubectl label namespace {} topology.istio.io/network=<name>'.",
)
LOOPBACK_SERVER = Code(
    "ISM0110",
    "RemoteSecretServerIsLoopback",
    _ERROR,
    "The API server of cluster {} is {}, which only its own machine can reach.",
    wide=True,
    cause="The kubeconfig was made for use on the machine of the API server.",
    cure="Create the secret again with 'create-remote-secret --server https://ADDRESS:PORT'.",
)
GATEWAY_PORT_MISSING = Code(
    "ISM0111",
    "NetworkGatewayPortMissing",
    _WARNING,
    "The gateway of network {} has no port {}: it is not used.",
    wide=True,
    cause="Other networks call the gateway on the port of that number.",
    cure="Add the port to the Service, or name another one in the label networking.istio.io/gatewayPort.",
)
SERVICE_MISSING_IN_CALLING_CLUSTER = Code(
    "ISM0112",
    "ServiceMissingInCluster",
    _INFO,
    "The service exists in clusters {} but not in {}: its name does not resolve there without DNS proxying.",
    cause="Kubernetes' DNS knows the Services of its own cluster only.",
    cure="Create the Service there as well, or switch DNS proxying on.",
)
MESH_SETTINGS = Code("ISM0113", "MeshSettingsProblem", _WARNING, "Mesh settings: {}", wide=True)
INCOMPLETE = Code(
    "ISM0114",
    "AnalysisIncomplete",
    _WARNING,
    "These credentials may not read {}, so that {} were not analyzed.",
    wide=True,
)
CREDENTIAL_REFUSED = Code(
    "ISM0115",
    "RemoteCredentialRefused",
    _ERROR,
    "The API server of cluster {} refuses the token or certificate of this kubeconfig: {}.",
    wide=True,
    cause="The token has expired or was deleted, or belongs to another cluster.",
    cure="Make the secret again with 'istioctl create-remote-secret --name={0}'.",
)
CREDENTIAL_MAY_NOT_READ = Code(
    "ISM0116",
    "RemoteCredentialMayNotRead",
    _ERROR,
    "The credential for cluster {} may not read all that a control plane needs there: {}.",
    wide=True,
    cause="The service account of the kubeconfig is not bound to the reader's ClusterRole.",
    cure="Run 'istioctl create-remote-secret --name={0}' against that cluster, which makes account, role and binding.",
)
SERVER_UNTRUSTED = Code(
    "ISM0117",
    "RemoteServerUntrusted",
    _ERROR,
    "The certificate of cluster {}'s API server does not fit this kubeconfig: {}.",
    wide=True,
    cause="The certificate-authority-data is of another cluster, or the URL's host is not in the certificate.",
    cure="Make the secret again with 'istioctl create-remote-secret --name={0}', with --tls-server-name if the "
    "certificate has another name than the URL.",
)
NOT_ENFORCED = Code("ISM0118", "NotEnforced", _ERROR, "{}")
WITHOUT_EFFECT = Code("ISM0119", "WithoutEffect", _WARNING, "{}")

ALL: tuple[Code, ...] = tuple(sorted((v for v in globals().values() if isinstance(v, Code)), key=lambda code: code.id))
