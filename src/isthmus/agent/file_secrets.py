"""Secrets that live in files: certificates mounted into the pod and bundles of roots.

Knows: the resource names that stand for files (``file-cert:…``, ``file-root:…``), and that files change.
Does not know Envoy or the certificate authority.

Files are polled rather than watched: kubelet swaps symbolic links once a minute at most, and a few ``stat``
calls a second cost less than the descriptors and the special cases of inotify.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from isthmus.agent import system_roots
from isthmus.agent.messages.secret import KeyPair, TrustBundle
from isthmus.agent.secret_store import SecretStore

log = logging.getLogger("secrets")

_CERTIFICATE, _ROOT = "file-cert:", "file-root:"
_SYSTEM = "system"

Loaded = Callable[[tuple[bytes, ...]], None]
Sleep = Callable[[float], Awaitable[None]]
Signature = tuple[tuple[int, int, int], ...]


@dataclass(slots=True)
class _Watched:
    paths: tuple[Path, ...]
    loaded: Loaded
    signature: Signature | None = None
    complaint: str = ""


class FileSecrets:
    """Keeps secrets equal to the files they come from. Files that vanish leave the last secret in place."""

    def __init__(self, store: SecretStore, root: Path) -> None:
        self._store = store
        self._root = root
        self._watched: dict[str, _Watched] = {}

    def demand(self, name: str) -> None:
        """Provides the secret of this name from now on, if it names files."""
        if name in self._watched:
            return
        if name.startswith(_CERTIFICATE) and "~" in name:
            chain, key = name.removeprefix(_CERTIFICATE).split("~", 1)
            self.watch(name, (chain, key), lambda pem: self._put_pair(name, pem))
        elif name.startswith(_ROOT):
            file = name.removeprefix(_ROOT)
            path = system_roots.path() if file == _SYSTEM else file
            self.watch(name, (path,), lambda pem: self._put_roots(name, pem))

    def watch(self, name: str, paths: Iterable[str | Path], loaded: Loaded) -> None:
        """Calls ``loaded`` with the files' contents, now if all exist, and after each change."""
        self._watched[name] = _Watched(tuple(self._root / path for path in paths), loaded)
        self._refresh(name)

    async def run(self, sleep: Sleep = asyncio.sleep, interval: float = 1.0) -> None:
        """Looks for changes for ever, every ``interval`` seconds."""
        while True:
            await sleep(interval)
            self.refresh()

    def refresh(self) -> None:
        """Looks for changes once."""
        for name in tuple(self._watched):
            self._refresh(name)

    def _refresh(self, name: str) -> None:
        watched = self._watched[name]
        try:
            signature = _signature(watched.paths)
            if signature != watched.signature:
                watched.loaded(tuple(path.read_bytes() for path in watched.paths))
                watched.signature, watched.complaint = signature, ""
        except OSError as error:
            if watched.complaint != str(error):  # once, not every second
                log.warning("%s: %s; what was read before stays in use", name, error)
                watched.complaint = str(error)

    def _put_pair(self, name: str, pem: tuple[bytes, ...]) -> None:
        chain, key = pem
        self._store.put(name, KeyPair(chain, key))

    def _put_roots(self, name: str, pem: tuple[bytes, ...]) -> None:
        self._store.put(name, TrustBundle(pem[0]))


def _signature(paths: tuple[Path, ...]) -> Signature:
    """Differs whenever one of the files was written, replaced, or reached by another link."""
    found = (path.stat() for path in paths)
    return tuple((each.st_ino, each.st_mtime_ns, each.st_size) for each in found)
