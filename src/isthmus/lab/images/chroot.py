"""Runs one command on top of layers and keeps what it changed: the RUN of a Containerfile.

Knows overlayfs and mount namespaces (unshare, mount, chroot of util-linux and coreutils). Needs root and no network.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from isthmus.lab.images.command import run

_SCRIPT = """
set -eu
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"
mkdir -p "$4/proc"
mount -t proc proc "$4/proc"
exec chroot "$4" /bin/sh -c "$5"
"""
_SCRATCH = ("proc", "tmp", "var/tmp", "run", "var/log", "var/cache")
"""Directories whose content is not part of an image."""


def change(lower: Sequence[Path], upper: Path, command: str, environment: Mapping[str, str]) -> None:
    """Runs `command` by /bin/sh on the trees `lower` (the lowest first); `upper` receives the difference.

    `upper` is in overlayfs's form, which `layers.pack` understands. Raises ImageError when the command fails.
    """
    below = ":".join(str(tree) for tree in reversed(lower))
    with tempfile.TemporaryDirectory(dir=upper.parent, prefix="run-") as work:
        scratch, merged = Path(work) / "work", Path(work) / "merged"
        scratch.mkdir()
        merged.mkdir()
        isolated = ("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private")
        words = (*isolated, "--", "sh", "-c", _SCRIPT, "run", below, upper, scratch, merged, command)
        run(words, environment=environment, called=command)
    _forget_scratch(upper)


def _forget_scratch(upper: Path) -> None:
    for name in _SCRATCH:
        directory = upper / name
        if directory.is_dir():
            run(("rm", "-rf", "--", directory))
