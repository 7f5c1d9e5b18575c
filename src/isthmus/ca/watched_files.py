"""Files that somebody else writes: mounted Secrets, or what people copy.

Knows when they changed. Does not know what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class WatchedFiles:
    """Some files of one directory.

    The kubelet swaps a symbolic link when a Secret changes, so all files change at once; people who copy files do it
    one by one. One call of ``stat`` per file sees both, on any file system.
    """

    def __init__(self, directory: Path, names: tuple[str, ...]) -> None:
        self.directory = directory
        self._names = names
        self._seen = self._fingerprint()

    def read(self) -> Mapping[str, bytes]:
        """The content of those that are there."""
        paths = {name: self.directory / name for name in self._names}
        return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}

    def changed(self) -> bool:
        """Whether any changed, came or went since the last call."""
        before, self._seen = self._seen, self._fingerprint()
        return before != self._seen

    def _fingerprint(self) -> tuple[tuple[str, int, int, int], ...]:
        found = []
        for name in self._names:
            try:
                stat = (self.directory / name).stat()
            except OSError:
                continue
            found.append((name, stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return tuple(found)
