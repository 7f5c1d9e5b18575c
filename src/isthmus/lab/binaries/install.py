"""Puts a finished executable at its place in the cache, so that readers see all of it or nothing.

Knows files and renames only.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def install(source: Path, target: Path) -> Path:
    """Moves an executable to `target` by a rename within the target's file system; returns `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(source, partial)
    partial.chmod(0o755)
    partial.replace(target)
    return target


@contextmanager
def workspace(target: Path) -> Iterator[Path]:
    """A temporary directory in the cache, beside the programs, removed at the end."""
    home = target.parent.parent
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=home) as path:
        yield Path(path)
