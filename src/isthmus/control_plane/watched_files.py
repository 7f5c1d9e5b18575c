"""Texts of a few mounted files, read again when they change.

The kubelet swaps a symbolic link when a ConfigMap changes; people copy files. Looking at them once a second sees
both, on any file system.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

SECONDS = 1.0

Fingerprint = tuple[int, int, int] | None


class WatchedFiles:
    """``changed`` is called after any of the files came, went or changed."""

    def __init__(self, paths: tuple[Path, ...], changed: Callable[[], None], interval: float = SECONDS) -> None:
        self._paths = paths
        self._changed = changed
        self._interval = interval
        self._seen = self._fingerprints()

    def text(self, path: Path) -> str | None:
        """The content; None when there is no file, or none that can be read."""
        try:
            return path.read_text()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            log.warning("file cannot be read and counts as missing", file=str(path), error=str(error))
            return None

    async def run(self) -> None:
        """Looks for ever."""
        while True:
            await asyncio.sleep(self._interval)
            self.check()

    def check(self) -> bool:
        """Looks once; whether something changed."""
        now = self._fingerprints()
        if now == self._seen:
            return False
        self._seen = now
        self._changed()
        return True

    def _fingerprints(self) -> tuple[Fingerprint, ...]:
        return tuple(_fingerprint(path) for path in self._paths)


def _fingerprint(path: Path) -> Fingerprint:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
