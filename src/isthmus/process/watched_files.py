"""Files that somebody else writes: mounted Secrets and ConfigMaps, or what people copy.

Knows when they changed. Does not know what is in them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import structlog

from isthmus.process.looks import next_look

log = structlog.get_logger(__name__)

SECONDS = 1.0
"""Between looks."""

Fingerprint = tuple[int, int, int] | None


class WatchedFiles:
    """Whether any of some files came, went or changed.

    The kubelet swaps a symbolic link when a Secret or a ConfigMap changes, so all its files change at once; people
    who copy files do it one by one. One call of ``stat`` per file sees both, on any file system.
    """

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths
        self._seen = self._fingerprints()

    def changed(self) -> bool:
        """Whether something changed since the last call."""
        before, self._seen = self._seen, self._fingerprints()
        return before != self._seen

    async def follow(self, take: Callable[[], object]) -> NoReturn:
        """Calls ``take`` after each change, for ever."""
        while True:
            await next_look(SECONDS)
            if self.changed():
                take()

    def _fingerprints(self) -> tuple[Fingerprint, ...]:
        return tuple(_fingerprint(path) for path in self._paths)


def read_text(path: Path) -> str | None:
    """The content; None when there is no file, or none that can be read."""
    try:
        return path.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        log.warning("file cannot be read and counts as missing", file=str(path), error=str(error))
        return None


def _fingerprint(path: Path) -> Fingerprint:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
