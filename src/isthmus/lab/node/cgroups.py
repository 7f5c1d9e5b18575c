"""The control groups of a node: one in every hierarchy, so that everything in the node can be counted and killed.

Knows cgroup v1, v2 and both at once, as /proc/self/mountinfo shows them. In a v2 hierarchy processes stay in the
leaf INIT, since a group with processes cannot hand controllers to its children (kernel docs, cgroup-v2, "No Internal
Process Constraint").
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")
INIT = "init"
EMPTY_SECONDS = 10.0
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One mounted hierarchy: where, `cgroup` or `cgroup2`, and the mount options that name its controllers."""

    mountpoint: str
    kind: str
    options: str

    @property
    def is_v2(self) -> bool:
        """Whether it is the unified hierarchy."""
        return self.kind == "cgroup2"


def hierarchies(mountinfo: str) -> tuple[Hierarchy, ...]:
    """The hierarchies of a mountinfo text (proc(5)), each once."""
    found: dict[str, Hierarchy] = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind not in ("cgroup", "cgroup2"):
            continue
        mountpoint = left.split(" ")[4]
        found.setdefault(f"{kind} {options}", Hierarchy(mountpoint, kind, _controllers(options)))
    return tuple(found.values())


def join(name: str) -> None:
    """Puts the calling process into the group `name` of every hierarchy, creating it; on v2 into its leaf INIT."""
    found = hierarchies(MOUNTINFO.read_text())
    for hierarchy in found:
        group = Path(hierarchy.mountpoint) / name
        group.mkdir(exist_ok=True)
        if hierarchy.is_v2:
            if len(found) == 1:  # beside v1 hierarchies it has no controllers that a node needs
                _delegate(Path(hierarchy.mountpoint))
            group = group / INIT
            group.mkdir(exist_ok=True)
        elif "cpuset" in hierarchy.options.split(","):
            _copy_cpuset(group)
        (group / "cgroup.procs").write_text("0")


def enter_namespace() -> None:
    """Makes the groups that `join` made the roots that this process and its children see."""
    from isthmus.lab.node.system import CLONE_NEWCGROUP, unshare

    unified = [Path(each.mountpoint) for each in hierarchies(MOUNTINFO.read_text()) if each.is_v2]
    leaves = [root / _own_v2_group().lstrip("/") for root in unified]
    for leaf in leaves:
        (leaf.parent / "cgroup.procs").write_text("0")
    unshare(CLONE_NEWCGROUP)
    for leaf in leaves:
        (leaf / "cgroup.procs").write_text("0")
        _delegate(leaf.parent)


def pids(name: str) -> set[int]:
    """The processes in the group `name` and below it, in any hierarchy."""
    return {int(pid) for path in _groups(name) for pid in _lines(path / "cgroup.procs")}


def remove(name: str) -> None:
    """Kills everything in the group and removes it. Raises TimeoutError with the processes that do not die."""
    deadline = time.monotonic() + EMPTY_SECONDS
    while left := pids(name):
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {sorted(left)} in control group {name} do not end")
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    for path in _groups(name):
        _rmdir(path, deadline)


def names(prefix: str) -> set[str]:
    """The top-level groups whose name starts with `prefix`."""
    mountpoints = (Path(each.mountpoint) for each in hierarchies(MOUNTINFO.read_text()))
    return {path.name for mountpoint in mountpoints for path in mountpoint.glob(f"{prefix}*") if path.is_dir()}


def _groups(name: str) -> Iterator[Path]:
    """Every group below `name` and itself, children first, in all hierarchies."""
    for hierarchy in hierarchies(MOUNTINFO.read_text()):
        for directory, _, _ in os.walk(Path(hierarchy.mountpoint) / name, topdown=False):
            yield Path(directory)


def _rmdir(path: Path, deadline: float) -> None:
    """Removes a group; the kernel says busy for a moment after its last process died."""
    while True:
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return


def _controllers(options: str) -> str:
    """The mount options that a second mount of the same hierarchy needs."""
    return ",".join(option for option in options.split(",") if option not in ("rw", "ro", "nsdelegate", "xattr"))


def _copy_cpuset(group: Path) -> None:
    """A new cpuset is empty and admits nobody until it is given processors and memory nodes."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        (group / name).write_text((group.parent / name).read_text())


def _delegate(group: Path) -> None:
    """Hands every controller of a v2 group to its children."""
    for controller in (group / "cgroup.controllers").read_text().split():
        with suppress(OSError):  # one that cannot be delegated, such as a real-time cpu controller
            (group / "cgroup.subtree_control").write_text(f"+{controller}")


def _own_v2_group() -> str:
    """This process's path in the unified hierarchy (cgroups(7): the line that starts with `0::`)."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return next(line.removeprefix("0::") for line in lines if line.startswith("0::"))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except (FileNotFoundError, OSError):
        return []
