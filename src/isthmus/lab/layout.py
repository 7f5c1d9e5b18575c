"""Which file of a running lab lies where.

Knows paths below the lab's directory. Pure.
"""

from dataclasses import dataclass
from pathlib import Path

from isthmus.lab.paths import labs_dir


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one lab. Everything is below `root`, which `down` removes."""

    root: Path

    @property
    def record(self) -> Path:
        """The lab's topology and uplink range, as JSON."""
        return self.root / "lab.json"

    @property
    def kubeconfig(self) -> Path:
        """Administrator access to all clusters, a context per cluster."""
        return self.root / "kubeconfig"

    @property
    def faults(self) -> Path:
        """The links that are cut at the moment."""
        return self.root / "faults.json"

    @property
    def bin(self) -> Path:
        """Links to the programs that a user of the lab needs."""
        return self.root / "bin"

    @property
    def guides(self) -> Path:
        """The directories in which guides are run, one for each."""
        return self.root / "guides"

    @property
    def public(self) -> Path:
        """The lab's public authority, and the trust store in which every container finds it."""
        return self.root / "public"

    @property
    def names(self) -> Path:
        """A directory with one file `hosts`: names that were published, for the DNS of every cluster."""
        return self.root / "names"

    def pki(self, cluster: str) -> Path:
        """Certificates, keys and kubeconfigs of a cluster's components."""
        return self.root / "clusters" / cluster / "pki"

    def etcd(self, cluster: str) -> Path:
        """A cluster's database."""
        return self.root / "clusters" / cluster / "etcd"

    def node(self, name: str) -> Path:
        """A node's own directory."""
        return self.root / "nodes" / name

    def config(self, node: str) -> Path:
        """Configuration files of a node's daemons."""
        return self.node(node) / "config"

    def containerd_socket(self, node: str) -> Path:
        """The node's container runtime, from the host: `ctr --address PATH --namespace k8s.io`."""
        return self.node(node) / "run" / "containerd" / "containerd.sock"


def layout(name: str) -> Layout:
    """The layout of the lab of that name."""
    return Layout(labs_dir() / name)
