"""Codes of what only a look at joined clusters shows: what is wrong, why it matters, what to do."""

from __future__ import annotations

from isthmus.analysis.finding import Code, Level

_INFO, _WARNING, _ERROR = Level.INFO, Level.WARNING, Level.ERROR

SECRET_LEADS_HOME = Code(
    "ISM0201",
    "RemoteSecretLeadsHome",
    _ERROR,
    "The key {} leads to the very cluster that the secret is in.",
    cause="The cluster is read twice under two names, so that its endpoints count twice.",
    cure="Delete the key here and apply the secret in the other clusters: kubectl {1} -n {2} delete secret {3}",
)
CLUSTER_UNDER_TWO_NAMES = Code(
    "ISM0202",
    "ClusterUnderTwoNames",
    _ERROR,
    "The keys {} and {} lead to one and the same cluster.",
    cause="The cluster is read twice, so that its endpoints count twice and the same pod belongs to two clusters.",
    cure="Keep the key that is the cluster's name and delete the other: kubectl {2} -n {3} delete secret {4}",
)
KEY_IS_NOT_THE_NAME = Code(
    "ISM0203",
    "RemoteSecretKeyIsNotTheName",
    _ERROR,
    "The key {0} leads to a cluster whose proxies call it {1}.",
    cause="A control plane knows a cluster by the key of its secret and a proxy's cluster by what the proxy says: "
    "where the two differ, proxies are taken for those of a foreign cluster and their tokens are not accepted.",
    cure="Make the secret again under that name: istioctl create-remote-secret {2} --name={1} | kubectl {3} apply -f -",
)
KEY_IS_NO_LABEL = Code(
    "ISM0204",
    "RemoteSecretKeyIsNoLabel",
    _INFO,
    "The key {0} is not a DNS-1123 label (lower-case letters, digits and '-').",
    cause="The key is the cluster's name; create-remote-secret and other meshes refuse such names.",
    cure="Rename the cluster: set values.global.multiCluster.clusterName={1} there and use this name as the key.",
)
JOINED_ONE_WAY = Code(
    "ISM0205",
    "JoinedOneWay",
    _WARNING,
    "The control plane of {0} reads {1}, but the one of {1} does not read {0}: only calls from {0} find both.",
    cause="Each control plane needs a secret for each other cluster.",
    cure="istioctl create-remote-secret {2} --name={0} | kubectl {3} apply -f -",
)
CONTROL_PLANE_SAYS = Code(
    "ISM0206",
    "ControlPlaneCannotRead",
    _ERROR,
    "The control plane says of cluster {}: {}.",
    cause="The control plane's pod uses the same kubeconfig from another place: what you reach, it may not.",
    cure="Look at the way from the control plane's nodes to that API server; see also 'istioctl remote-clusters'.",
)
NAME_TAKEN_TWICE = Code(
    "ISM0210",
    "ClusterNameTakenTwice",
    _ERROR,
    "Two clusters are both called {}: those of {} and {}.",
    cause="Proxies say the name of their cluster; with equal names their endpoints and tokens are mixed up.",
    cure="Install one of them again with another values.global.multiCluster.clusterName.",
)
MESH_IDS_DIFFER = Code(
    "ISM0211",
    "MeshIdsDiffer",
    _WARNING,
    "Clusters {} and {} belong to meshes of different names: {} and {}.",
    cause="Proxies report the mesh's id in telemetry and to the control plane.",
    cure="Set the same values.global.meshID in both.",
)
TRUST_DOMAINS_DIFFER = Code(
    "ISM0212",
    "TrustDomainsDiffer",
    _ERROR,
    "Clusters {} and {} have the trust domains {} and {}, and neither counts the other's as its own.",
    cause="A proxy accepts identities of its own trust domain and of its aliases only.",
    cure="Set the same meshConfig.trustDomain in both, or add the other's to meshConfig.trustDomainAliases.",
)
CONTROL_PLANE_ELSEWHERE = Code(
    "ISM0213",
    "ControlPlaneInOtherNamespace",
    _WARNING,
    "A control plane runs in namespace {0}, and none in {1}.",
    cause="Secrets, labels of networks and mesh settings are read in the control plane's own namespace, which must "
    "have the same name in every cluster of a mesh.",
    cure="Install all control planes in one namespace, or name this one: isthmus check -i {0}",
)
CLOCKS_DIFFER = Code(
    "ISM0214",
    "ClocksDiffer",
    _WARNING,
    "The clock of the API server of {} is {:.0f} s ahead of that of {}.",
    cause="Certificates and tokens are not valid yet, or no longer, for those whose clock is wrong.",
    cure="Synchronise the nodes' clocks (chronyc tracking, timedatectl).",
)
EXPOSES_NOTHING = Code(
    "ISM0220",
    "NetworkGatewayExposesNothing",
    _WARNING,
    "No Gateway passes calls on at port {0} of this gateway of network {1}: calls from other networks are refused.",
    cause="The port is open only where a Gateway with tls mode AUTO_PASSTHROUGH selects the gateway's pods.",
    cure="kubectl {2} apply -n {3} -f samples/multicluster/expose-services.yaml",
)
EXPOSED_BY_NOBODY = Code(
    "ISM0221",
    "ExposingGatewayHasNoWorkload",
    _ERROR,
    "No running pod has the labels {} that this Gateway selects.",
    cause="A Gateway has an effect on the pods that its selector matches, and on no others.",
    cure="Correct spec.selector, or install the east-west gateway.",
)
GATEWAY_WITHOUT_PODS = Code(
    "ISM0222",
    "NetworkGatewayHasNoPods",
    _ERROR,
    "The gateway of network {} has no pod that is ready: other networks cannot reach it.",
    cause="Its Service has an address, but nothing behind it.",
    cure="kubectl {1} -n {2} get pods, and look at the events of those that are not ready.",
)
WEBHOOK_SERVICE_MISSING = Code(
    "ISM0230",
    "InjectionServiceMissing",
    _ERROR,
    "Webhook {} calls the Service {}, which does not exist: pods that need a proxy are refused.",
    cause="The control plane of this revision was removed, or was never installed here.",
    cure="Install the control plane of this revision, or delete the configuration: "
    "kubectl {2} delete mutatingwebhookconfiguration {3}",
)
WEBHOOK_WITHOUT_ENDPOINTS = Code(
    "ISM0231",
    "InjectionServiceHasNoEndpoints",
    _ERROR,
    "Webhook {} calls the Service {}, behind which nothing is ready: pods that need a proxy are refused.",
    cause="The control plane's pods are not running or not ready.",
    cure="kubectl {2} -n {3} get pods, and look at the events and logs of those that are not ready.",
)
WEBHOOK_WITHOUT_CA = Code(
    "ISM0232",
    "InjectionWebhookWithoutCaBundle",
    _ERROR,
    "Webhook {} has no caBundle: the API server cannot verify whom it calls.",
    cause="The control plane of that revision writes the caBundle when it starts.",
    cure="Is the control plane of revision {1} running, and may it write to this cluster?",
)
INJECTION_FAILS = Code(
    "ISM0233",
    "InjectionFails",
    _ERROR,
    "A pod (dry run) is refused in this namespace because the injection webhook cannot be called: {}",
    cause="The API server must reach the webhook for every pod that needs a proxy.",
    cure="See to it that the API server's machine reaches the Service or URL of the webhook, on its target port too.",
)
POD_REFUSED = Code(
    "ISM0234",
    "PodRefused",
    _WARNING,
    "A pod (dry run) is refused in this namespace: {}",
    cause="A rule of the cluster (quota, security standard, account, another webhook) refuses even a plain pod.",
    cure="The message is the API server's; pods of workloads may differ.",
)
NOT_INJECTED = Code(
    "ISM0235",
    "InjectionDoesNothing",
    _ERROR,
    "A pod (dry run) gets no proxy in this namespace although its labels ask for one ({}).",
    cause="No injection webhook selects the namespace (is the revision installed?), or the webhook ignores failures.",
    cure="Compare the namespace's labels with the selectors in: kubectl {1} get mutatingwebhookconfigurations -o yaml",
)
PORTS_DIFFER = Code(
    "ISM0240",
    "ServicePortsDiffer",
    _WARNING,
    "The Service has the ports {} in {} and {} in {}.",
    cause="Services of one name are one service; the ports of the client's own cluster count, and endpoints of the "
    "other cluster are found by the port's name.",
    cure="Give the Service the same ports in every cluster.",
)
PORT_NAMES_DIFFER = Code(
    "ISM0241",
    "ServicePortNamesDiffer",
    _WARNING,
    "Port {} of the Service is called {} in {} and {} in {}: callers do not find the other side's endpoints.",
    cause="Endpoints of several clusters are joined by the name of the port.",
    cure="Give the port the same name in every cluster.",
)
PROTOCOLS_DIFFER = Code(
    "ISM0242",
    "ServicePortProtocolsDiffer",
    _WARNING,
    "Port {} of the Service is {} in {} and {} in {}.",
    cause="The protocol follows from appProtocol, or from the port's name; it decides how calls are routed.",
    cure="Set the same appProtocol in every cluster.",
)
HEADLESS_DIFFERS = Code(
    "ISM0243",
    "ServiceHeadlessInOneCluster",
    _WARNING,
    "The Service is headless in {} and has an address in {}.",
    cause="Clients of a headless Service choose a pod by its address, which does not lead across networks.",
    cure="Make it headless in every cluster, or in none.",
)

ALL: tuple[Code, ...] = tuple(sorted((v for v in globals().values() if isinstance(v, Code)), key=lambda code: code.id))
