"""Configuration files of a node's daemons, as text.

Knows the formats of containerd, CNI, kubelet, kube-proxy and CoreDNS, and why each setting is as it is.
Knows neither processes nor files. Pure.
"""

import json
from collections.abc import Iterable

import yaml

from isthmus.lab.addresses import CLUSTER_DNS, NodePlan, Plan

PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
COREDNS_IMAGE = "registry.k8s.io/coredns/coredns:v1.13.1"
DNS_DOMAIN = "cluster.local"
PUBLIC_DOMAINS = ("lab.test", "example.com", "example.net", "example.org")
"""What may be published in a lab: names that nobody else has (RFC 2606)."""
TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt"
"""Where containers look for the authorities that they trust."""
NAMES_DIRECTORY = "/etc/lab-names"
"""Where CoreDNS finds the published names."""
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"


CNI_PLUGINS = ("host-local", "loopback", "portmap", "ptp")
"""The programs that pods' networks take: containerd runs loopback itself, the others are named in `cni`."""


def containerd(cni_programs: str, base_spec: str) -> str:
    """containerd's config.toml (version 2 is read by 1.6 to 2.x), from a directory and the file of `base_spec`."""
    # Collections follow deletions only: one in the middle of an import takes away layers that were just found there.
    # Without CAP_SYS_RESOURCE an OOM score cannot be lowered: restrict_oom_score_adj asks only for what is allowed.
    return f"""version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.gc.v1.scheduler"]
deletion_threshold = 20
mutation_threshold = 0
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE_IMAGE}"
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"
enable_unprivileged_ports = true
enable_unprivileged_icmp = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
base_runtime_spec = "{base_spec}"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{cni_programs}"
conf_dir = "/etc/cni/net.d"
"""


def base_spec(default: str, trust_store: str) -> str:
    """What every container starts from: containerd's default, and the trust store of the lab's nodes in its place."""
    spec = json.loads(default)
    store = {"destination": TRUST_STORE, "type": "bind", "source": trust_store, "options": ["bind", "ro"]}
    return _json({**spec, "mounts": [*spec["mounts"], store]})


def cni(node: NodePlan) -> str:
    """A CNI network list: point-to-point links, addresses from the node's own range.

    Not `bridge`, which would need bridge-nf-call-iptables for services whose pods share the node.
    """
    address = {"type": "host-local", "dataDir": "/run/cni-ipam", "ranges": [[{"subnet": str(node.pods)}]]}
    point_to_point = {
        "type": "ptp",
        "mtu": 1500,
        "ipam": {**address, "routes": [{"dst": "0.0.0.0/0"}]},
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return _json({"cniVersion": "1.0.0", "name": "lab", "plugins": [point_to_point, portmap]})


def kubelet(node: NodePlan, authority: str) -> str:
    """A KubeletConfiguration. `authority` is the path of the cluster's root certificate."""
    return _yaml(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": str(node.lan),
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": authority},
            },
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "cgroupfs",
            "clusterDNS": [str(CLUSTER_DNS)],
            "clusterDomain": DNS_DOMAIN,
            "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "healthzBindAddress": "127.0.0.1",
            "imageGCHighThresholdPercent": 100,  # images cannot be pulled again
            "localStorageCapacityIsolation": False,  # the host's disk is not the node's
            "registryPullQPS": 0,
            "resolvConf": "/etc/resolv.conf",
            "rotateCertificates": False,
            "shutdownGracePeriod": "0s",
            "syncFrequency": "10s",
        }
    )


def kube_proxy(plan: Plan, node: NodePlan, kubeconfig: str) -> str:
    """A KubeProxyConfiguration, nftables mode. `kubeconfig` is a path."""
    return _yaml(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "clientConnection": {"kubeconfig": kubeconfig},
            "clusterCIDR": str(plan.cluster(node.cluster.name).pods),
            "hostnameOverride": node.node.name,
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            "nodePortAddresses": [f"{node.lan}/32"],
            "nftables": {"minSyncPeriod": "0.1s", "syncPeriod": "30s"},
            "conntrack": {"maxPerCore": 0, "min": 0},  # else it writes settings of the whole machine
        }
    )


def hosts(plan: Plan, node: NodePlan, published: str = "") -> str:
    """A node's /etc/hosts; `published` holds lines of the same form."""
    lines = [f"127.0.0.1 localhost {node.node.name}", "::1 localhost"]
    return "\n".join([*lines, *_api_names(plan)]) + "\n" + published


def resolver() -> str:
    """A node's /etc/resolv.conf: no name server, since there is nothing outside to ask."""
    return "# The lab resolves cluster names in CoreDNS and nothing outside.\n"


def corefile(plan: Plan) -> str:
    """CoreDNS: cluster names, the lab's API servers and published names, and NXDOMAIN for everything else.

    `template` runs before `kubernetes` and `hosts`, so what answers NXDOMAIN stands in a block of its own.
    """
    names = "\n".join(f"    {line}" for line in _api_names(plan))
    return f"""{DNS_DOMAIN} in-addr.arpa ip6.arpa {{
  errors
  health {{
    lameduck 0s
  }}
  ready
  kubernetes {DNS_DOMAIN} in-addr.arpa ip6.arpa {{
    pods insecure
    ttl 5
  }}
  loadbalance
}}
{" ".join(PUBLIC_DOMAINS)} {{
  errors
  hosts {NAMES_DIRECTORY}/hosts {{
{names}
    ttl 5
    reload 1s
  }}
}}
. {{
  errors
  template ANY ANY {{
    rcode NXDOMAIN
  }}
}}
"""


def _api_names(plan: Plan) -> Iterable[str]:
    return (f"{each.api_address} {each.api_name}" for each in plan.clusters)


def _json(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"


def _yaml(document: object) -> str:
    return yaml.safe_dump(document, sort_keys=False)
