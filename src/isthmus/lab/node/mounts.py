"""The file system that a node sees: the host's programs, and private places wherever daemons write.

Knows mount points. Runs inside the node's own mount namespace; when its last process ends, all of it is gone.
"""

import os
from pathlib import Path

from isthmus.lab.node.cgroups import Hierarchy
from isthmus.lab.node.spec import NodeSpec
from isthmus.lab.node.system import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_REC, MS_SHARED, mount

OVERLAID = ("/etc", "/var/log", "/var/lib")
"""Directories of the host in which a node may create entries that the host does not see.

/var/lib is last: it hides the lab's own directory there, until that is mounted again.
"""

CNI_PROGRAMS = "/opt/cni/bin"
"""Where container runtimes look for CNI plug-ins, and where programs in the cluster install more of them."""

PRIVATE: tuple[tuple[str, str], ...] = (
    ("run", "/run"),
    ("containerd", "/var/lib/containerd"),
    ("kubelet", "/var/lib/kubelet"),
    ("cni", "/var/lib/cni"),
    ("cni-config", "/etc/cni/net.d"),
    ("cni-programs", CNI_PROGRAMS),
    ("pod-logs", "/var/log/pods"),
    ("container-logs", "/var/log/containers"),
)
"""Directories below the node's own, and where the daemons find them."""

FILES: tuple[tuple[str, str], ...] = (("hosts", "/etc/hosts"), ("resolv.conf", "/etc/resolv.conf"))

KUBELET_TUNABLES: tuple[tuple[str, str], ...] = (
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
)
"""What a kubelet insists on (setupKernelTunables): it reads its wishes here, and the host's kernel keeps its own."""

_PSEUDO = MS_NOSUID | MS_NODEV | MS_NOEXEC


def prepare(spec: NodeSpec, hierarchies: tuple[Hierarchy, ...]) -> None:
    """Mounts everything. `hierarchies` are those of the host, read before."""
    # The kubelet's mounts must reach containerd and pods: shared within this namespace, and private to it.
    mount("none", "/", flags=MS_REC | MS_SHARED)
    lab = os.open(spec.lab, os.O_PATH)
    upper = Path(spec.directory) / "upper"
    mount("tmpfs", str(upper), "tmpfs")
    if not Path(CNI_PROGRAMS).exists():  # the host gets no directory that it did not have
        _overlay("/opt", upper / "opt")
    for path in OVERLAID:
        _overlay(path, upper / path.strip("/").replace("/", "-"))
    Path(spec.lab).mkdir(parents=True, exist_ok=True)
    mount(f"/proc/self/fd/{lab}", spec.lab, flags=MS_BIND | MS_REC)
    os.close(lab)
    for source, target in PRIVATE:
        Path(target).mkdir(parents=True, exist_ok=True)
        mount(f"{spec.directory}/{source}", target, flags=MS_BIND)
    for source, target in FILES:
        mount(f"{spec.directory}/{source}", _resolved(target), flags=MS_BIND)
    _system(hierarchies)
    _tunables(upper)


def _overlay(path: str, work: Path) -> None:
    (work / "upper").mkdir(parents=True)
    (work / "work").mkdir()
    mount("overlay", path, "overlay", options=f"lowerdir={path},upperdir={work}/upper,workdir={work}/work")


def _resolved(target: str) -> str:
    """The file behind a link such as /etc/resolv.conf, replaced by a plain one where the link leads nowhere."""
    path = Path(target)
    if path.is_symlink() or not path.exists():
        path.unlink(missing_ok=True)
        path.touch()
    return target


def _system(hierarchies: tuple[Hierarchy, ...]) -> None:
    """A sysfs of this network namespace, and control groups whose roots are the node's own."""
    mount("sysfs", "/sys", "sysfs", _PSEUDO)
    if not any(each.mountpoint == "/sys/fs/cgroup" for each in hierarchies):
        mount("tmpfs", "/sys/fs/cgroup", "tmpfs", _PSEUDO)
    for each in hierarchies:
        Path(each.mountpoint).mkdir(exist_ok=True)
        mount("cgroup", each.mountpoint, each.kind, _PSEUDO, each.options)


def _tunables(directory: Path) -> None:
    for name, value in KUBELET_TUNABLES:
        file = directory / name.replace("/", ".")
        file.write_text(value + "\n")
        if Path("/proc/sys", name).exists():
            mount(str(file), f"/proc/sys/{name}", flags=MS_BIND)
