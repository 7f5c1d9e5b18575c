"""Takes a lab away: processes, control groups, namespaces, links, files. Works whatever state it is in.

Everything is found by its name, so that nothing depends on what an interrupted `up` wrote down.
"""

import subprocess
from pathlib import Path

from isthmus.lab import host, network, state
from isthmus.lab.layout import layout
from isthmus.lab.node import cgroups
from isthmus.lab.progress import Progress, reporter
from isthmus.lab.topology import check_name


def down(name: str, progress: Progress) -> bool:
    """Removes the lab `name`. Returns whether there was anything. Raises TimeoutError for processes that do not end."""
    check_name(name)
    with state.locked(name, reporter(progress, "lab")):
        found = bool(leftovers(name))
        clear(name, progress)
        progress.waits("files", "their removal")
        _remove_tree(layout(name).root)
        progress.done("files")
        return found


def clear(name: str, progress: Progress) -> None:
    """Ends all processes of a lab and removes its network; its files stay."""
    if groups := sorted(cgroups.names(network.prefix(name))):
        progress.waits("processes", "their end")
        for group in groups:
            cgroups.remove(group)
        progress.done("processes")
    host.remove_network(name)


def leftovers(name: str) -> tuple[str, ...]:
    """What exists of a lab on this machine: control groups, namespaces, links, its directory."""
    root = layout(name).root
    files = (str(root),) if root.exists() else ()
    return (*sorted(cgroups.names(network.prefix(name))), *host.leftovers(name), *files)


def _remove_tree(root: Path) -> None:
    # rm is several times faster than shutil on the tens of thousands of files of container images.
    if root.exists():
        subprocess.run(("rm", "--recursive", "--force", "--one-file-system", str(root)), check=True)
