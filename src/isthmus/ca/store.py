"""Where bundles and serving certificates come from: directories that Secrets are mounted to.

Knows which files, and when they are looked at. Does not know what makes a bundle (``bundle``) nor the self-signed
one's Secret (``root_secret``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
from isthmus.ca.serving import KeyPair, load_serving
from isthmus.ca.watched_files import WatchedFiles

log = structlog.get_logger(__name__)

_BUNDLE_FILES = (CA_CERT, CA_KEY, ROOT_CERT, CERT_CHAIN, CA_CRL, TLS_CERT, TLS_KEY, TLS_CA)


class BundleDirectory:
    """A directory such as ``/etc/cacerts``, looked at every ``interval`` seconds.

    What does not fit together yet is left alone until it does.
    """

    def __init__(self, path: Path, interval: float = 1.0) -> None:
        self._files = WatchedFiles(path, _BUNDLE_FILES)
        self._interval = interval

    def load(self) -> Bundle | None:
        """The bundle that is there now, None when there is none; ``BundleError`` names the file and the cure."""
        try:
            return load_bundle(self._files.read(), datetime.now(UTC))
        except BundleError as error:
            raise _located(self._files.directory, error) from None

    async def watch(self, authority: Authority) -> None:
        """Offers every changed bundle to the authority, for ever."""
        while True:
            await asyncio.sleep(self._interval)
            self.check(authority)

    def check(self, authority: Authority) -> bool:
        """Offers the bundle if a file changed since the last look; whether it changed."""
        if not self._files.changed():
            return False
        try:
            bundle = self.load()
        except (BundleError, OSError) as error:
            log.warning("changed CA bundle is not usable, the former one stays in use", problem=str(error))
            return True
        if bundle is None:
            directory = str(self._files.directory)
            log.warning("CA bundle removed, the former one stays in use until a restart", directory=directory)
        else:
            authority.offer(bundle)
        return True


class ServingDirectory:
    """A directory such as ``/var/run/secrets/istiod/tls``: a serving certificate that somebody else issues."""

    def __init__(self, path: Path, interval: float = 1.0) -> None:
        self._files = WatchedFiles(path, (TLS_CERT, TLS_KEY))
        self._interval = interval

    def load(self) -> KeyPair | None:
        """The pair that is there now, None when there is none; ``BundleError`` names the file and the cure."""
        try:
            return load_serving(self._files.read(), datetime.now(UTC))
        except BundleError as error:
            raise _located(self._files.directory, error) from None

    async def watch(self, use: Callable[[KeyPair], None]) -> None:
        """Hands every changed pair to ``use``, for ever."""
        while True:
            await asyncio.sleep(self._interval)
            self.check(use)

    def check(self, use: Callable[[KeyPair], None]) -> bool:
        """Hands the pair on if a file changed since the last look; whether it changed."""
        if not self._files.changed():
            return False
        try:
            pair = self.load()
        except (BundleError, OSError) as error:
            log.warning("changed serving certificate is not usable, the former one stays", problem=str(error))
            return True
        if pair is not None:
            use(pair)
        return True


def _located(directory: Path, error: BundleError) -> BundleError:
    return BundleError(str(directory / error.file), error.problem, error.cure)
