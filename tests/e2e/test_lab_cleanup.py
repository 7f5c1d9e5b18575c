"""A lab leaves nothing behind, whatever happened to it before."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from isthmus.lab.down import down
from isthmus.lab.node import cgroups
from isthmus.lab.progress import Quiet
from isthmus.lab.state import LabError
from isthmus.lab.topology import topology
from isthmus.lab.up import up

GROUP = "isthmus-brief-cluster1-node1"
HOST_SETTINGS = ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward")
DAEMON_DIRECTORIES = ("/opt/cni", "/var/lib/kubelet", "/var/lib/cni", "/var/log/pods", "/var/log/containers")


def footprint() -> dict[str, object]:
    """What a lab of the name `brief` could change on this machine, as the system itself lists it."""
    find = ("find", "/sys/fs/cgroup", "-maxdepth", "2", "-name", "isthmus-brief*")
    links = json.loads(subprocess.run(("ip", "-j", "link"), capture_output=True, check=True).stdout)
    return {
        "control groups": subprocess.run(find, capture_output=True, text=True, check=True).stdout,
        "links": sorted(link["ifname"] for link in links if "brief" in link["ifname"]),
        "mounts": [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "brief" in line],
        "namespaces": sorted(map(str, Path("/run/netns").glob("isthmus-brief*"))),
        "files": sorted(map(str, Path("/var/lib/isthmus-lab").glob("*brief*"))),
        "settings": [Path("/proc/sys", name).read_text() for name in HOST_SETTINGS],
        "directories": [path for path in DAEMON_DIRECTORIES if Path(path).exists()],
    }


def processes() -> set[tuple[int, str]]:
    """Process ids and start times of everything in the lab."""
    return {(pid, started) for pid in cgroups.pids(GROUP) if (started := start_time(pid))}


def start_time(pid: int) -> str:
    """Empty for a process that is gone, or dead and not yet collected by its parent (proc(5), fields 3 and 22)."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state in "ZX" else rest[18]


def survivors(of: set[tuple[int, str]]) -> set[int]:
    return {pid for pid, started in of if start_time(pid) == started}


def outer_process() -> int:
    """The `unshare` that holds the node's namespaces."""
    return next(pid for pid in cgroups.pids(GROUP) if process_name(pid) == "unshare")


def process_name(pid: int) -> str:
    """Empty for a process that is gone: health checks of the node's containers come and go while one looks."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_down_leaves_no_process_mount_namespace_link_control_group_or_file(short_lived) -> None:
    before = footprint()
    short_lived()
    during = processes()
    assert len(during) > 10
    assert footprint() != before
    assert down("brief", Quiet())
    assert survivors(during) == set()
    assert footprint() == before


def test_a_kill_of_the_outer_process_ends_everything_and_up_brings_it_back(short_lived) -> None:
    before = footprint()
    lab = short_lived()
    lab.kubectl("cluster1", "create", "configmap", "kept")
    during = processes()
    outer = os.pidfd_open(outer_process())
    signal.pidfd_send_signal(outer, signal.SIGKILL)
    os.close(outer)
    again = short_lived()
    assert survivors(during) == set()
    assert again.kubectl("cluster1", "get", "configmap", "kept", "-o", "name") == "configmap/kept\n"
    later = processes()
    assert down("brief", Quiet())
    assert survivors(later) == set()
    assert footprint() == before


@pytest.mark.parametrize("moment", ["network: done", "cluster1: nodes", "cluster1: the API server", "cluster1: DNS"])
def test_an_interrupted_up_can_be_taken_down(short_lived, moment: str) -> None:
    before = footprint()
    command = (str(Path(sys.executable).with_name("isthmus")), "lab", "up", "single", "--name", "brief")
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        assert any(line.startswith(moment) for line in process.stderr)
        process.kill()
    during = processes()
    assert down("brief", Quiet())
    assert survivors(during) == set()
    assert footprint() == before


def test_down_without_a_lab_says_so(short_lived) -> None:
    assert not down("brief", Quiet())


def test_a_lab_does_not_become_another_topology(short_lived) -> None:
    short_lived()
    with pytest.raises(LabError, match="lab down --name brief"):
        up("brief", topology("multi-primary"), Quiet())
