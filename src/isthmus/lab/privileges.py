"""Root, which namespaces and containers need.

Knows sudo. Becoming root replaces this process by the same command line under sudo.
"""

import os
import shutil
import sys

from isthmus.lab.paths import cache_dir
from isthmus.lab.state import LabError

KEPT = ("ISTHMUS_LAB", "KUBEBUILDER_ASSETS", "PATH")


def become_root() -> None:
    """Returns when this process is root; else runs the same command through sudo, and does not return.

    Raises LabError where there is no sudo.
    """
    if os.geteuid() == 0:
        return
    sudo = shutil.which("sudo")
    if sudo is None:
        raise LabError("a lab needs root for namespaces and containers: run this command as root")
    # The user's own cache is root's as well, so that nothing is fetched twice.
    kept = {name: os.environ[name] for name in KEPT if name in os.environ} | {"ISTHMUS_CACHE": str(cache_dir())}
    assignments = [f"{name}={value}" for name, value in kept.items()]
    print("a lab needs root for namespaces and containers: going on through sudo", file=sys.stderr)
    os.execv(sudo, [sudo, "env", *assignments, sys.executable, "-m", "isthmus.cli.main", *sys.argv[1:]])  # noqa: S606
