"""The base system of the images, where there is no registry: Debian, bootstrapped by mmdebstrap from the package list.

Knows Debian and what of it an image does not need. `images/base/Containerfile` does the same from a registry image.
"""

import os
from pathlib import Path

from isthmus.lab.images import store
from isthmus.lab.images.command import run
from isthmus.lab.report import Report

SUITE = "bookworm"
REFERENCE = f"docker.io/isthmus/base:{SUITE}"
_UNUSED = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
_GENERATED = "var/log/* var/cache/* var/lib/apt/lists/* etc/hostname etc/resolv.conf etc/machine-id"
_TIME_LIMIT = 900


def layer(packages: Path, report: Report) -> store.Layer:
    """The base system with the packages that the file lists, one per line; made when it is not cached."""
    names = tuple(sorted(packages.read_text().split()))

    def fill(tree: Path) -> None:
        report(f"bootstrapping Debian {SUITE} with {', '.join(names)} (about half a minute)")
        _bootstrap(tree, names)

    return store.layer(store.key("base", SUITE, *names), fill, keep_times=True)


def _bootstrap(tree: Path, names: tuple[str, ...]) -> None:
    mirror = os.environ.get("ISTHMUS_DEBIAN_MIRROR")
    exclusions = [f"--dpkgopt=path-exclude={pattern}" for pattern in _UNUSED]
    hook = f'--customize-hook=cd "$1" && rm -rf {_GENERATED}'
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(names)}", *exclusions, hook]
    run([*command, SUITE, str(tree), *([mirror] if mirror else [])], time_limit=_TIME_LIMIT)
    _settle_times(tree)


def _settle_times(tree: Path) -> None:
    """Gives what the bootstrap itself wrote the time of the newest packaged file: same packages, same tree."""
    status = {path: path.lstat() for path in tree.rglob("*")}
    start = tree.stat().st_ctime
    newest = max(int(each.st_mtime) for each in status.values() if each.st_mtime < start - 3600)
    for path, each in status.items():
        if each.st_mtime > newest:
            os.utime(path, (newest, newest), follow_symlinks=False)
