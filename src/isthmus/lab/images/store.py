"""What was built before: layers by the key of what they were made from.

Knows directories, keys and atomic renames. Does not know what is in a layer.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from isthmus.lab.images import layers
from isthmus.lab.images.oci import Blob
from isthmus.lab.paths import cache_dir
from isthmus.lab.report import Report

_RECORD = "layer.json"
_STALE_AFTER = 20
"""How many of the layers that were not used last are kept."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer at rest: its directory tree (for commands on top of it) and its tar file."""

    key: str
    directory: Path
    blob: Blob

    @property
    def tree(self) -> Path:
        """The unpacked content."""
        return self.directory / "tree"

    @property
    def tar(self) -> Path:
        """The content as an uncompressed tar file, whose digest is `blob.digest`."""
        return self.directory / "layer.tar"


def root() -> Path:
    """Where everything about images is cached."""
    return cache_dir() / "images"


def key(*parts: str) -> str:
    """A short name for content made from exactly these inputs."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def layer(name: str, fill: Callable[[Path], None], *, keep_times: bool = False) -> Layer:
    """The layer of key `name`; where it is not there yet, `fill` writes its tree into an empty directory.

    A crash leaves nothing that would be taken for a layer.
    """
    home = root() / "layers"
    directory = home / name
    if (found := _read(directory)) is not None:
        os.utime(directory)
        return found
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".new-") as work:
        made = Path(work) / "layer"
        (made / "tree").mkdir(parents=True)
        (made / "tree").chmod(0o755)
        fill(made / "tree")
        blob = layers.pack(made / "tree", made / "layer.tar", keep_times=keep_times)
        (made / _RECORD).write_bytes(msgspec.json.encode(blob))
        made.rename(directory)
    return Layer(name, directory, blob)


def _read(directory: Path) -> Layer | None:
    try:
        blob = msgspec.json.decode((directory / _RECORD).read_bytes(), type=Blob)
    except FileNotFoundError:
        return None
    return Layer(directory.name, directory, blob)


def prune(used: frozenset[str]) -> None:
    """Removes layers that are not among `used`, except those used most recently, and what crashes left behind."""
    home = root() / "layers"
    for leftover in home.glob(".new-*"):
        shutil.rmtree(leftover)
    spare = [path for path in home.iterdir() if path.name not in used]
    for path in sorted(spare, key=lambda each: each.stat().st_mtime, reverse=True)[_STALE_AFTER:]:
        shutil.rmtree(path)


@contextmanager
def locked(report: Report) -> Iterator[None]:
    """Held while images are built, so that two builders do not do the same work."""
    root().mkdir(parents=True, exist_ok=True)
    with open(root() / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another process that is building images")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
