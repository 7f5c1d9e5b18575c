"""The certificates and kubeconfigs of one cluster, as files.

Knows which component is whom to Kubernetes (kubernetes.io, "PKI certificates and requirements").
"""

import shutil
from pathlib import Path

from isthmus.lab import kubeconfig
from isthmus.lab.addresses import API_PORT, KUBERNETES_SERVICE, ClusterPlan
from isthmus.lab.pki import Authority, KeyPair, Subject, service_account_key

ADMIN = Subject("kubernetes-admin", groups=("system:masters",))


def write(cluster: ClusterPlan, directory: Path) -> None:
    """Makes all files, unless `directory` exists; it appears with everything in it or not at all."""
    if directory.exists():
        return
    partial = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, content in _files(cluster).items():
        (partial / name).touch(0o600)
        (partial / name).write_bytes(content)
    partial.rename(directory)


def admin_access(cluster: ClusterPlan, directory: Path) -> kubeconfig.Access:
    """An administrator's access, with the cluster's name as its context."""
    client = KeyPair((directory / "admin.crt").read_bytes(), (directory / "admin.key").read_bytes())
    return kubeconfig.Access(cluster.cluster.name, cluster.api_url, (directory / "ca.crt").read_bytes(), client)


def _files(cluster: ClusterPlan) -> dict[str, bytes]:
    name = cluster.cluster.name
    authority, accounts = Authority.create(f"{name}-ca"), service_account_key()
    local = f"https://127.0.0.1:{API_PORT}"
    files = {"sa.pub": accounts.certificate, "sa.key": accounts.key}
    pairs = {"ca": authority.pair, "admin": authority.issue(ADMIN), "apiserver": authority.issue(_server(cluster))}
    pairs["apiserver-kubelet"] = authority.issue(Subject("kube-apiserver-kubelet", groups=("system:masters",)))
    clients = {
        "admin": (pairs["admin"], local),
        "controller-manager": (authority.issue(Subject("system:kube-controller-manager")), local),
        "scheduler": (authority.issue(Subject("system:kube-scheduler")), local),
        "kube-proxy": (authority.issue(Subject("system:kube-proxy")), cluster.api_url),
    }
    for node in cluster.nodes:
        subject = Subject(f"system:node:{node.node.name}", ("system:nodes",), (node.node.name, str(node.lan)))
        pairs[node.node.name] = authority.issue(subject)
        clients[node.node.name] = (pairs[node.node.name], cluster.api_url)
    for file, pair in pairs.items():
        files |= {f"{file}.crt": pair.certificate, f"{file}.key": pair.key}
    for file, (pair, url) in clients.items():
        access = kubeconfig.Access(name, url, authority.pair.certificate, pair)
        files[f"{file}.kubeconfig"] = kubeconfig.render((access,)).encode()
    return files


def _server(cluster: ClusterPlan) -> Subject:
    """Every name and address under which the API server is called."""
    service = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
    addresses = ("127.0.0.1", cluster.api_address, cluster.nodes[0].lan, KUBERNETES_SERVICE)
    return Subject("kube-apiserver", names=("localhost", cluster.api_name, *service, *map(str, addresses)))
