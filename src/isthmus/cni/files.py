"""Writing files that others read at any moment: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, content: bytes, mode: int) -> None:
    """Puts the content in place in one step; readers see the old file or the new one."""
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(mode)
    partial.replace(path)


def same(path: Path, content: bytes) -> bool:
    """Whether the file has this content."""
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False
