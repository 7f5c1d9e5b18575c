"""The directory that a guide's commands run in: the project's trees where guides expect them, and room for files.

Knows names of trees. Does not know what guides do with them.
"""

import shutil
from pathlib import Path

from isthmus.shipped import shipped

_LINKED = ("samples", "charts", "tools")
_COPIED = ("install",)  # guides edit files of it; its links into the charts lead to those of the workspace
GATEWAY_API = "gateway-api/config/crd"
"""What stands for `github.com/kubernetes-sigs/gateway-api/config/crd` in a guide's commands."""


def guides_directory() -> Path:
    """Where the guides lie, in a source tree or in the installed distribution."""
    return shipped("tests/e2e/guides")


def link_gateway_api(directory: Path, tree: Path) -> None:
    """Puts the official CRDs of the Gateway API where guides that ask for them find them: `GATEWAY_API`."""
    link = directory / "gateway-api"
    link.unlink(missing_ok=True)
    link.symlink_to(tree)


def prepare(directory: Path, *, fresh: bool) -> None:
    """Makes `directory` with the project's trees; `fresh` removes what earlier runs left in it."""
    if fresh and directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name in _LINKED:
        link = directory / name
        try:
            target = shipped(name)
        except FileNotFoundError:
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    for name in _COPIED:
        if not (directory / name).exists():
            shutil.copytree(shipped(name), directory / name, symlinks=True)
