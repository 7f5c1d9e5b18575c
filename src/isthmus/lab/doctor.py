"""What this machine lacks for a lab, and the cure.

Knows the requirements. Changes nothing; `packages` and `binaries` do.
"""

import os
import platform
import shutil
import sys
from pathlib import Path

import msgspec

from isthmus.lab import binaries, packages
from isthmus.lab.paths import cache_dir, labs_dir

MEMORY_GIGABYTES = 3.0
"""Two clusters with a mesh and its samples."""
DISK_GIGABYTES = 4.0
"""Programs, images and a lab."""
BUILD_GIGABYTES = 6.0
"""What building the programs takes on top, mostly in Go's own caches."""


class Finding(msgspec.Struct, frozen=True):
    """One requirement: whether it is met, what was found, and the command or advice that cures it."""

    name: str
    ok: bool
    found: str
    cure: str = ""


def examine() -> tuple[Finding, ...]:
    """All requirements, in the order in which a user would cure them."""
    return (_root(), _system(), _memory(), _disk(), _overlay(), _packages(), _programs())


def _root() -> Finding:
    if os.geteuid() == 0:
        return Finding("root", ok=True, found="yes")
    cure = "namespaces and containers need it: run the command with sudo"
    return Finding("root", ok=False, found="no", cure=cure)


def _system() -> Finding:
    found = f"{platform.system()} {platform.release()} {platform.machine()}"
    ok = sys.platform == "linux" and _kernel() >= (5, 13)
    return Finding("system", ok, found, "" if ok else "kube-proxy's nftables mode needs Linux 5.13 or newer")


def _kernel() -> tuple[int, ...]:
    numbers = platform.release().split("-")[0].split(".")[:2]
    return tuple(int(each) for each in numbers if each.isdigit())


def _memory() -> Finding:
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / (1 << 20)
    cure = "" if available >= MEMORY_GIGABYTES else f"two clusters take {MEMORY_GIGABYTES:.0f} GB: end other programs"
    return Finding("memory", not cure, f"{available:.1f} GB available", cure)


def _disk() -> Finding:
    free = min(shutil.disk_usage(_existing(path)).free for path in (cache_dir(), labs_dir())) / (1 << 30)
    needed = DISK_GIGABYTES + (BUILD_GIGABYTES if binaries.missing(binaries.all_names()) else 0)
    cure = "" if free >= needed else f"{needed:.0f} GB are needed in {cache_dir()} and {labs_dir()}"
    return Finding("disk", not cure, f"{free:.1f} GB free", cure)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _overlay() -> Finding:
    there = "overlay" in Path("/proc/filesystems").read_text().split() or Path("/sys/module/overlay").exists()
    return Finding("overlayfs", there, "yes" if there else "not loaded", "" if there else "modprobe overlay")


def _packages() -> Finding:
    missing = packages.missing()
    cure = packages.command(missing) if missing else ""
    return Finding("packages", not missing, "missing " + ", ".join(missing) if missing else "all", cure)


def _programs() -> Finding:
    missing = [program.name for program in binaries.missing(binaries.all_names())]
    cure = "isthmus lab doctor --install" if missing else ""
    return Finding("programs", not missing, "missing " + ", ".join(missing) if missing else "all", cure)
