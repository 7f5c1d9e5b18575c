"""Runs Helm: `python -m isthmus.lab.helm HELM ARGUMENT…`, where HELM is the real program."""

import json
import subprocess
import sys
from pathlib import Path

from isthmus.lab.helm.spellings import REPOSITORY, Spelled, spell
from isthmus.shipped import shipped


def chart(name: str) -> str | None:
    """The directory of a chart of this project, unless a directory of that name is meant."""
    if Path(REPOSITORY, name).exists():
        return None
    directory = shipped("charts") / name
    return str(directory) if (directory / "Chart.yaml").is_file() else None


def main(helm: str, arguments: list[str]) -> int:
    """Says what was understood, on stderr, and runs it; the status is Helm's."""
    spelled = spell(arguments, chart)
    for notice in spelled.notices:
        print(f"note: {notice}", file=sys.stderr)
    if spelled.arguments is None:
        return 0
    if spelled.purged:
        return purge(helm, spelled)
    return subprocess.run([helm, *spelled.arguments], check=False).returncode


def purge(helm: str, spelled: Spelled) -> int:
    """Uninstalls a release in the namespace that it is found in; a release that is gone already is no error."""
    command = [helm, "list", "--all-namespaces", "--all", "--filter", f"^{spelled.purged}$", "-o", "json"]
    found = subprocess.run([*command, *spelled.cluster], stdout=subprocess.PIPE, text=True, check=False)
    if found.returncode != 0:
        return found.returncode
    releases = json.loads(found.stdout or "[]")
    if not releases:
        print(f"note: there is no release {spelled.purged}; nothing to delete", file=sys.stderr)
    for release in releases:
        status = subprocess.run([helm, *(spelled.arguments or ()), "--namespace", release["namespace"]], check=False)
        if status.returncode != 0:
            return status.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
