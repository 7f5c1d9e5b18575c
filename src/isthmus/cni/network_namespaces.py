"""Finds the network namespace of a pod that runs already, by its processes.

Knows: how kubelets name pods' control groups, with cgroupfs and with systemd. Does not know container runtimes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def open_namespace(processes: Path, uid: str) -> int:
    """A descriptor of the pod's network namespace. ``processes`` is the host's ``/proc``.

    ProcessLookupError when no process of the pod is found, or only such that use the node's own network.
    """
    own = _inode(processes / "1/ns/net")
    names = (f"pod{uid}", f"pod{uid.replace('-', '_')}")
    for process in _of_pod(processes, names):
        try:
            descriptor = os.open(process / "ns/net", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # it has just ended
            continue
        if os.fstat(descriptor).st_ino != own:
            return descriptor
        os.close(descriptor)
    raise ProcessLookupError(f"no process of the pod {uid} is found in {processes}")


def _of_pod(processes: Path, names: tuple[str, ...]) -> Iterator[Path]:
    for process in processes.iterdir():
        if process.name.isdigit() and any(name in _groups(process) for name in names):
            yield process


def _groups(process: Path) -> str:
    try:
        return (process / "cgroup").read_text()
    except OSError:  # it has just ended
        return ""


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
