"""The command lines of a node's daemons.

Knows flags, and why each is as it is. Knows neither processes nor files' contents. Pure.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from isthmus.lab.addresses import API_PORT, SERVICES, NodePlan, Plan
from isthmus.lab.layout import Layout
from isthmus.lab.node.spec import Daemon
from isthmus.lab.public import trust_store

ETCD_URL = "http://127.0.0.1:2379"
DELAY = "delay"
ISSUER = "https://kubernetes.default.svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Site:
    """A node, its lab, and where programs and files are: what every command line is made from."""

    plan: Plan
    node: NodePlan
    layout: Layout
    programs: dict[str, Path]

    @property
    def pki(self) -> Path:
        """The cluster's certificates."""
        return self.layout.pki(self.node.cluster.name)

    @property
    def config(self) -> Path:
        """The node's configuration files."""
        return self.layout.config(self.node.node.name)

    def program(self, name: str) -> str:
        """The path of a program, or its name where PATH has it."""
        return str(self.programs.get(name, name))


def etcd(site: Site) -> Daemon:
    """The cluster's database. Not synced to disk: it survives the death of processes, not of the machine."""
    flags = [
        f"--data-dir={site.layout.etcd(site.node.cluster.name)}",
        f"--listen-client-urls={ETCD_URL}",
        f"--advertise-client-urls={ETCD_URL}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=default=http://127.0.0.1:2380",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]
    return _daemon(site, "etcd", flags)


def apiserver(site: Site) -> Daemon:
    """The API server, on every address of its node."""
    pki = site.pki
    flags = [
        f"--etcd-servers={ETCD_URL}",
        f"--advertise-address={site.node.uplink}",
        f"--secure-port={API_PORT}",
        f"--cert-dir={pki}",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-account-signing-key-file={pki}/sa.key",
        f"--service-cluster-ip-range={SERVICES}",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet.key",
        "--kubelet-preferred-address-types=InternalIP",
    ]
    trusted = (("SSL_CERT_FILE", str(trust_store(site.layout))),)  # for webhooks that give no authority
    return Daemon("kube-apiserver", (site.program("kube-apiserver"), *flags), trusted)


def controller_manager(site: Site) -> Daemon:
    """All controllers, without the delays that large clusters want."""
    pki = site.pki
    flags = [
        f"--kubeconfig={pki}/controller-manager.kubeconfig",
        f"--authentication-kubeconfig={pki}/controller-manager.kubeconfig",
        f"--authorization-kubeconfig={pki}/controller-manager.kubeconfig",
        "--bind-address=127.0.0.1",
        f"--cert-dir={pki}",
        "--leader-elect=false",
        "--use-service-account-credentials",
        f"--root-ca-file={pki}/ca.crt",
        f"--service-account-private-key-file={pki}/sa.key",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--endpointslice-updates-batch-period=0s",
    ]
    return _daemon(site, "kube-controller-manager", flags)


def scheduler(site: Site) -> Daemon:
    """The scheduler."""
    kubeconfig = site.pki / "scheduler.kubeconfig"
    flags = [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--cert-dir={site.pki}",
        "--leader-elect=false",
    ]
    return _daemon(site, "kube-scheduler", flags)


def containerd(site: Site) -> Daemon:
    """The container runtime."""
    return _daemon(site, "containerd", [f"--config={site.config}/containerd.toml"])


def kubelet(site: Site) -> Daemon:
    """The node agent."""
    node, name = site.node, site.node.node.name
    labels = f"topology.kubernetes.io/region={node.cluster.region},topology.kubernetes.io/zone={node.node.zone}"
    flags = [
        f"--config={site.config}/kubelet.yaml",
        f"--kubeconfig={site.pki}/{name}.kubeconfig",
        f"--tls-cert-file={site.pki}/{name}.crt",
        f"--tls-private-key-file={site.pki}/{name}.key",
        f"--hostname-override={name}",
        f"--node-ip={node.lan}",
        f"--node-labels={labels}",
        "--root-dir=/var/lib/kubelet",
    ]
    return _daemon(site, "kubelet", flags)


def kube_proxy(site: Site) -> Daemon:
    """Service addresses, by nftables."""
    return _daemon(site, "kube-proxy", [f"--config={site.config}/kube-proxy.yaml"])


def load_balancer(site: Site) -> Daemon:
    """The lab's own controller that gives LoadBalancer services their addresses."""
    addresses = str(site.plan.cluster(site.node.cluster.name).load_balancers)
    module = "isthmus.lab.loadbalancer"
    kubeconfig = str(site.pki / "admin.kubeconfig")
    return Daemon("load-balancer", (sys.executable, "-m", module, kubeconfig, addresses))


def delay(arguments: tuple[str, ...]) -> Daemon:
    """The lab's own program that holds packets of slow links back."""
    return Daemon(DELAY, (sys.executable, "-m", "isthmus.lab.delay", *arguments))


def first(site: Site) -> tuple[Daemon, ...]:
    """What other daemons wait for."""
    control_plane = (etcd(site), apiserver(site)) if site.node.is_control_plane else ()
    return (*control_plane, containerd(site))


def second(site: Site) -> tuple[Daemon, ...]:
    """What is started when the API server and the container runtime answer; sooner, each would fail and back off."""
    agents = (kubelet(site), kube_proxy(site))
    if site.node.is_control_plane:
        return (*agents, controller_manager(site), scheduler(site), load_balancer(site))
    return agents


def _daemon(site: Site, name: str, flags: list[str]) -> Daemon:
    return Daemon(name, (site.program(name), *flags))
