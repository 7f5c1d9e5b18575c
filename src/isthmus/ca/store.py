"""Where bundles and serving certificates come from: directories that Secrets are mounted to.

Knows which files, and when they are looked at. Does not know what makes a bundle (``bundle``) nor the self-signed
one's Secret (``root_secret``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

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
from isthmus.ca.serving import GivenServing, load_serving
from isthmus.process.watched_files import WatchedFiles

log = structlog.get_logger(__name__)

_BUNDLE_FILES = (CA_CERT, CA_KEY, ROOT_CERT, CERT_CHAIN, CA_CRL, TLS_CERT, TLS_KEY, TLS_CA)


class BundleDirectory:
    """A directory such as ``/etc/cacerts``. What does not fit together yet is left alone until it does."""

    def __init__(self, path: Path) -> None:
        self._directory = path
        self._files = WatchedFiles(tuple(path / name for name in _BUNDLE_FILES))

    def load(self) -> Bundle | None:
        """The bundle that is there now, None when there is none; ``BundleError`` names the file and the cure."""
        try:
            return load_bundle(_read(self._directory, _BUNDLE_FILES), datetime.now(UTC))
        except BundleError as error:
            raise _located(self._directory, error) from None

    async def watch(self, authority: Authority) -> NoReturn:
        """Offers every changed bundle to the authority, for ever."""
        await self._files.follow(partial(self._offer, authority))

    def check(self, authority: Authority) -> bool:
        """Offers the bundle if a file changed since the last look; whether it changed."""
        changed = self._files.changed()
        if changed:
            self._offer(authority)
        return changed

    def _offer(self, authority: Authority) -> None:
        try:
            bundle = self.load()
        except (BundleError, OSError) as error:
            log.warning("changed CA bundle is not usable, the former one stays in use", problem=str(error))
            return
        if bundle is None:
            log.warning(
                "CA bundle removed, the former one stays in use until a restart", directory=str(self._directory)
            )
        else:
            authority.offer(bundle)


@dataclass(frozen=True, slots=True)
class ServingFiles:
    """Where somebody else puts the certificate that the control plane serves with, its key, and the roots above it."""

    certificate: Path
    key: Path
    roots: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """All of them."""
        return self.certificate, self.key, self.roots

    def load(self) -> GivenServing:
        """What they hold now; ``BundleError`` names the file and the cure."""
        certificate, key, roots = (_content(path) for path in self.paths)
        names = {TLS_CERT: self.certificate, TLS_KEY: self.key, ROOT_CERT: self.roots}
        try:
            return load_serving({TLS_CERT: certificate, TLS_KEY: key, ROOT_CERT: roots}, datetime.now(UTC))
        except BundleError as error:
            raise BundleError(str(names[error.file]), error.problem, error.cure) from None

    def offer(self, use: Callable[[GivenServing], None]) -> None:
        """Hands on what they hold, if it fits together; ``use`` may refuse it as well (``BundleError``)."""
        try:
            use(self.load())
        except BundleError as error:
            log.warning("changed serving certificate is not usable, the former one stays", problem=str(error))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            str(path), str(error.strerror), "it must be there as long as its certificate is used"
        ) from None


def _read(directory: Path, names: tuple[str, ...]) -> Mapping[str, bytes]:
    """The content of those that are there."""
    paths = {name: directory / name for name in names}
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}


def _located(directory: Path, error: BundleError) -> BundleError:
    return BundleError(str(directory / error.file), error.problem, error.cure)
