"""Brings up one node as far as its process 1, and takes it away.

Knows the node's directory and control group. The daemons are `clusters`' business.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from isthmus.lab import configuration, images, network, public
from isthmus.lab.daemons import Site
from isthmus.lab.host import run
from isthmus.lab.node import cgroups, control
from isthmus.lab.node.mounts import CNI_PROGRAMS, PRIVATE
from isthmus.lab.node.spec import NodeSpec
from isthmus.lab.state import LabError

START_SECONDS = 20.0
POLL_SECONDS = 0.02
CNI_DIRECTORIES = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")


def group(lab: str, node: str) -> str:
    """The name of a node's control group, in every hierarchy."""
    return f"{network.prefix(lab)}{node}"


def ensure(site: Site, template: Path) -> bool:
    """Makes the node's process 1 answer. Returns whether it had to be started. Raises LabError when it does not."""
    directory = site.layout.node(site.node.node.name)
    if control.is_up(directory):
        return False
    cgroups.remove(group(site.plan.name, site.node.node.name))
    _write(site, directory)
    if not (directory / "containerd").exists():
        _copy_images(template, directory / "containerd")
        _stamp(directory).write_text(template.name)
    _launch(site, directory)
    return True


def _write(site: Site, directory: Path) -> None:
    """All files that the node reads, and empty places for all that it writes. Images and pods' volumes stay."""
    # Leases of pod addresses and the state of shims in /run would outlive the pods after a hard end.
    shutil.rmtree(directory / "run", ignore_errors=True)
    for name in ("config", "logs", "upper", *(name for name, _ in PRIVATE if name != "containerd")):
        (directory / name).mkdir(parents=True, exist_ok=True)
    name = site.node.node.name
    files = {
        "spec.json": msgspec.json.encode(_spec(site, directory)).decode(),
        "network.batch": network.node_batch(site.plan, site.node),
        "network.nft": network.node_rules(site.plan, site.node),
        "hosts": configuration.hosts(site.plan, site.node, public.names(site.layout)),
        "resolv.conf": configuration.resolver(),
        "cni-config/10-lab.conflist": configuration.cni(site.node),
        "config/container.json": configuration.base_spec(
            run("ctr", "oci", "spec"), str(public.trust_store(site.layout))
        ),
        "config/containerd.toml": configuration.containerd(CNI_PROGRAMS, str(site.config / "container.json")),
        "config/kubelet.yaml": configuration.kubelet(site.node, str(site.pki / "ca.crt")),
        "config/kube-proxy.yaml": configuration.kube_proxy(
            site.plan, site.node, str(site.pki / "kube-proxy.kubeconfig")
        ),
    }
    for path, text in files.items():
        (site.layout.node(name) / path).write_text(text)
    for program in configuration.CNI_PLUGINS:
        shutil.copy(Path(cni_plugins(), program), directory / "cni-programs" / program)


def _spec(site: Site, directory: Path) -> NodeSpec:
    return NodeSpec(
        hostname=site.node.node.name,
        directory=str(directory),
        lab=str(site.layout.root),
        sysctls=network.SYSCTLS,
    )


def cni_plugins() -> str:
    """The directory of the CNI plug-ins. Raises LabError where there is none."""
    for directory in CNI_DIRECTORIES:
        if Path(directory, "ptp").exists():
            return directory
    raise LabError("CNI plug-ins are missing: run `isthmus lab doctor --install`")


def _copy_images(template: Path, target: Path) -> None:
    partial = target.with_name("containerd.new")
    if partial.exists():
        shutil.rmtree(partial)
    if template.stat().st_dev == target.parent.stat().st_dev:
        images.clone(template, partial)
    else:
        run("cp", "--archive", "--no-target-directory", str(template), str(partial))
    partial.rename(target)


def refresh_images(site: Site, template: Path) -> None:
    """Imports images that were built anew since the node got its own; its container runtime answers already."""
    name = site.node.node.name
    directory = site.layout.node(name)
    if _stamp(directory).read_text() != template.name:
        images.load_into([(site.layout.containerd_socket(name), directory / "containerd")])
        _stamp(directory).write_text(template.name)


def _stamp(directory: Path) -> Path:
    """Names the template whose images a node has."""
    return directory / "template"


def _launch(site: Site, directory: Path) -> None:
    name = site.node.node.name
    namespace = network.node_namespace(site.plan.name, name)
    arguments = (group(site.plan.name, name), namespace, str(directory / "spec.json"))
    log = directory / "logs" / "init.log"
    with log.open("wb") as output:
        # setsid --fork leaves the node to the machine's process 1: it outlives this command.
        subprocess.run(
            ("setsid", "--fork", sys.executable, "-m", "isthmus.lab.node.launch", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not control.is_up(directory):
        if time.monotonic() > deadline or _ended(site):
            raise LabError(f"node {name} did not start: {log.read_text(errors='replace').strip()[-1500:]}")
        time.sleep(POLL_SECONDS)


def _ended(site: Site) -> bool:
    """Whether the node's first process wrote why it gave up and is gone."""
    log = site.layout.node(site.node.node.name) / "logs" / "init.log"
    return bool(log.read_bytes()) and not cgroups.pids(group(site.plan.name, site.node.node.name))
