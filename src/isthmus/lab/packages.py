"""The Debian packages that a lab takes, which of them this machine lacks, and the command that installs them.

Knows package names and what proves their presence. Changes the machine in `install` only.
"""

import os
import shutil
import subprocess
from pathlib import Path

from isthmus.lab.images import DEBIAN_PACKAGES
from isthmus.lab.report import Report
from isthmus.lab.state import LabError

_CNI = ("/usr/lib/cni/ptp", "/opt/cni/bin/ptp", "/usr/libexec/cni/ptp")

NEEDED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("containerd",), "containerd"),
    (("ctr",), "containerd"),
    (("runc",), "runc"),
    (_CNI, "containernetworking-plugins"),
    (("nft",), "nftables"),
    (("iptables",), "iptables"),
    (("ip",), "iproute2"),
    (("nsenter",), "util-linux"),
    (("sysctl",), "procps"),
    (("openssl",), "openssl"),
    (("jq",), "jq"),
    *(((probe,), package) for probe, package in DEBIAN_PACKAGES),
)
"""Programs on PATH or files, any of which proves that its package is there."""

SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def missing() -> tuple[str, ...]:
    """The packages that must be installed, each once."""
    return tuple(dict.fromkeys(package for probes, package in NEEDED if not any(map(_is_there, probes))))


def command(packages: tuple[str, ...]) -> str:
    """The one command that a user runs to install packages."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install -y --no-install-recommends {' '.join(packages)}"


def install(packages: tuple[str, ...], report: Report) -> None:
    """Installs packages with apt-get. Raises LabError with the command where there is no apt-get, or it fails."""
    if shutil.which("apt-get") is None:
        raise LabError(f"this machine lacks {', '.join(packages)}: install them with its package manager")
    report(f"installing packages: {' '.join(packages)}")
    problem = _apt("install", packages)
    if problem:
        report("updating the package lists")
        problem = _apt("update", ()) or _apt("install", packages)
    if problem:
        raise LabError(f"`{command(packages)}` failed: {problem}")


def _is_there(probe: str) -> bool:
    if probe.startswith("/"):
        return Path(probe).exists()
    path = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"
    return shutil.which(probe, path=path) is not None


def _apt(action: str, packages: tuple[str, ...]) -> str:
    """Runs apt-get; returns the end of what it said where it failed, or an empty string."""
    options = ("--yes", "--quiet", "-o", "DPkg::Lock::Timeout=120")
    extra = ("--no-install-recommends",) if action == "install" else ()
    answer = subprocess.run(
        ("apt-get", *options, action, *extra, *packages),
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stderr.strip()[-800:] if answer.returncode else ""
