"""The programs that a cluster is made of, pinned: versions, Go packages to build, official downloads and checksums.

Knows names and numbers only. Does no I/O.
"""

from dataclasses import dataclass, field

KUBERNETES = "1.36.4"
"""1.36 is the first whose kubelet looks at a pod as soon as it has changed it, which saves each pod up to a second.

Until 1.38 kubelets start with containerd 1.6 and, when told so, on cgroup v1.
"""
ETCD = "3.6.5"
COREDNS = "1.13.1"
HELM = "3.19.0"


class BinaryMissingError(RuntimeError):
    """A program is not on this machine, or could not be obtained. The text names the program and the cure."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A published tar archive. `checksums` maps a Go architecture to `algorithm:hex`; the texts take `{arch}`."""

    url: str
    member: str
    checksums: tuple[tuple[str, str], ...]

    def checksum(self, arch: str) -> str | None:
        """The pinned checksum for a Go architecture such as `amd64`, or None where none is pinned."""
        return dict(self.checksums).get(arch)


@dataclass(frozen=True, slots=True)
class Program:
    """One executable: how it is built from `build_support/kubernetes/MODULE`, and where it is published."""

    name: str
    version: str
    module: str
    package: str
    archive: Archive | None = None
    ldflags: tuple[str, ...] = ()
    version_argument: str = "--version"
    cost: str = field(default="about a minute")
    """How long a build takes on two cores with nothing cached, for people."""

    @property
    def directory(self) -> str:
        """The name of its directory in the cache."""
        return f"{self.name}-{self.version}"


def _kubernetes_archive(name: str) -> Archive:
    """Checksums: CHANGELOG-1.36.md of kubernetes/kubernetes, section "Server Binaries"."""
    return Archive(
        url=f"https://dl.k8s.io/v{KUBERNETES}/kubernetes-server-linux-{{arch}}.tar.gz",
        member=f"kubernetes/server/bin/{name}",
        checksums=(
            (
                "amd64",
                "sha512:8f6e609a6aa2d33e87f321ab7528c590749d7c190724dfcf4b0b754b4dba140b"
                "7dc503b83ec4658fe37b190f2bdda730db79d14af54a146e34cd428de38bff3c",
            ),
            (
                "arm64",
                "sha512:5551e99b78f049668215e2a3f48901cfa170313a03255d45bd801c8d3d00a19c"
                "89d6e17858d9f9bbbe4017772cb97b3abd00a10683e97959bda8f972fd8b3bde",
            ),
        ),
    )


def _kubernetes(name: str, cost: str = "about a minute") -> Program:
    major, minor, _ = KUBERNETES.split(".")
    version = "k8s.io/component-base/version"
    return Program(
        name=name,
        version=KUBERNETES,
        module="kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        archive=_kubernetes_archive(name),
        ldflags=(
            f"-X {version}.gitMajor={major}",
            f"-X {version}.gitMinor={minor}",
            f"-X {version}.gitVersion=v{KUBERNETES}",
            f"-X {version}.gitTreeState=clean",
        ),
        version_argument="version --client" if name == "kubectl" else "--version",
        cost=cost,
    )


PROGRAMS: tuple[Program, ...] = (
    Program(
        name="etcd",
        version=ETCD,
        module="etcd",
        package=".",
        archive=Archive(
            url=f"https://github.com/etcd-io/etcd/releases/download/v{ETCD}/etcd-v{ETCD}-linux-{{arch}}.tar.gz",
            member=f"etcd-v{ETCD}-linux-{{arch}}/etcd",
            checksums=(("amd64", "sha256:66bad39ed920f6fc15fd74adcb8bfd38ba9a6412f8c7852d09eb11670e88cac3"),),
        ),
    ),
    _kubernetes("kube-apiserver", "about 4 minutes"),
    _kubernetes("kubectl"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kubelet"),
    _kubernetes("kube-scheduler"),
    _kubernetes("kube-proxy"),
    Program(name="coredns", version=COREDNS, module="coredns", package=".", version_argument="-version"),
    Program(
        name="helm",
        version=HELM,
        module="helm",
        package="helm.sh/helm/v3/cmd/helm",
        archive=Archive(
            url=f"https://get.helm.sh/helm-v{HELM}-linux-{{arch}}.tar.gz",
            member="linux-{arch}/helm",
            checksums=(("amd64", "sha256:a7f81ce08007091b86d8bd696eb4d86b8d0f2e1b9f6c714be62f82f96a594496"),),
        ),
        ldflags=(f"-X helm.sh/helm/v3/internal/version.version=v{HELM}",),
        version_argument="version",
    ),
)


def program(name: str) -> Program:
    """The program of that name. Raises KeyError for a name that the lab does not know."""
    for candidate in PROGRAMS:
        if candidate.name == name:
            return candidate
    raise KeyError(name)
