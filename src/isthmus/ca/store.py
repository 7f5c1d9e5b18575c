"""Where bundles come from: a directory that a Secret is mounted to.

Knows files and their changes. Does not know what makes a bundle (``bundle``) nor the self-signed one's Secret
(``root_secret``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog

from isthmus.ca.authority import Authority
from isthmus.ca.bundle import (
    CA_CERT,
    CA_CRL,
    CA_KEY,
    CERT_CHAIN,
    ROOT_CERT,
    TLS_CA,
    TLS_CERT,
    TLS_KEY,
    Bundle,
    load_bundle,
)
from isthmus.ca.errors import BundleError

log = structlog.get_logger(__name__)

_FILES = (CA_CERT, CA_KEY, ROOT_CERT, CERT_CHAIN, CA_CRL, TLS_CERT, TLS_KEY, TLS_CA)


class BundleDirectory:
    """A directory such as ``/etc/cacerts``.

    The kubelet swaps a symbolic link when the Secret changes, so all files change at once; people who copy files do
    it one by one. The directory is looked at every ``interval`` seconds, eight calls of ``stat``, which sees both
    and any file system. What does not fit together yet is left alone until it does.
    """

    def __init__(self, path: Path, interval: float = 1.0) -> None:
        self._path = path
        self._interval = interval
        self._seen = self._fingerprint()

    def load(self) -> Bundle | None:
        """The bundle that is there now, None when there is none; ``BundleError`` names the file and the cure."""
        try:
            return load_bundle(self.read(), datetime.now(UTC))
        except BundleError as error:
            raise BundleError(str(self._path / error.file), error.problem, error.cure) from None

    def read(self) -> Mapping[str, bytes]:
        """The files that are there."""
        return {name: (self._path / name).read_bytes() for name in _FILES if (self._path / name).is_file()}

    async def watch(self, authority: Authority) -> None:
        """Offers every changed bundle to the authority, for ever."""
        while True:
            await asyncio.sleep(self._interval)
            self.check(authority)

    def check(self, authority: Authority) -> bool:
        """Offers the bundle if a file changed since the last look; whether it changed."""
        now = self._fingerprint()
        if now == self._seen:
            return False
        self._seen = now
        try:
            bundle = self.load()
        except (BundleError, OSError) as error:
            log.warning("changed CA bundle is not usable, the former one stays in use", problem=str(error))
            return True
        if bundle is None:
            log.warning("CA bundle removed, the former one stays in use until a restart", directory=str(self._path))
        else:
            authority.offer(bundle)
        return True

    def _fingerprint(self) -> tuple[tuple[str, int, int, int], ...]:
        found = []
        for name in _FILES:
            try:
                stat = (self._path / name).stat()
            except OSError:
                continue
            found.append((name, stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return tuple(found)
