"""The control plane's own certificate on its TLS ports, and by which roots everybody verifies it.

The mesh's CA issues it, unless its administrator mounts one of somebody else. Does not know how certificates are made
(``ca.serving``), nor who is told of the roots (``cluster_writes``).
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn, Protocol

import structlog

from isthmus.ca.anchors import Anchors, CurrentAnchors
from isthmus.ca.authority import Authority
from isthmus.ca.bundle import ROOT_CERT, TLS_CA, TLS_CERT, TLS_KEY, Bundle
from isthmus.ca.errors import BundleError
from isthmus.ca.serving import GivenServing, KeyPair, ServingIdentity, issue_serving, serving_names
from isthmus.ca.store import ServingFiles
from isthmus.control_plane.settings import Settings
from isthmus.process.watched_files import WatchedFiles
from isthmus.rpc.tls import ServerTls

log = structlog.get_logger(__name__)

_CHECK = 60.0


class Serving(Protocol):
    """A certificate that listeners serve with, whoever issues it."""

    anchors: CurrentAnchors

    def serve_at(self, address: str) -> None:
        """``address`` (host and port) is where proxies of the mesh look for the control plane."""

    async def keep(self) -> NoReturn:
        """Keeps it current, for ever."""


def serving_of(settings: Settings, authority: Authority, listeners: tuple[ServerTls, ...]) -> Serving:
    """The mounted certificate if there is one, else the CA's. ``BundleError`` when a mounted one cannot be used."""
    files = mounted_files(settings)
    if files is None:
        return IssuedServing(settings, authority, listeners)
    return MountedServing(files, authority, listeners)


def mounted_files(settings: Settings) -> ServingFiles | None:
    """Those of the flags if all three are given, else those at Istio's places if all are there.

    pilot/pkg/bootstrap/server.go, hasCustomTLSCerts. What is incomplete is told in the log and not used.
    """
    given = [settings.tls_certificate, settings.tls_key, settings.tls_roots]
    if all(given):
        return ServingFiles(*filter(None, given))
    if any(given):
        log.warning("a serving certificate is used only with --tlsCertFile, --tlsKeyFile and --caCertFile together")
    directory = settings.serving_directory
    certificate, key = directory / "tls" / TLS_CERT, directory / "tls" / TLS_KEY
    if not (certificate.exists() and key.exists()):
        return None
    places = (directory / "ca" / ROOT_CERT, directory / "tls" / TLS_CA)
    found = [ServingFiles(certificate, key, place) for place in places if place.exists()]
    if not found:
        log.warning("a serving certificate without roots is not used", file=str(certificate), roots=str(places[0]))
        return None
    return next(filter(_fit, found), found[0])


def _fit(files: ServingFiles) -> bool:
    """The first place may hold the roots that were published before there was such a certificate."""
    try:
        files.load()
    except BundleError:
        return False
    return True


class IssuedServing:
    """Issued again when the CA changes, when it grows old, and when the mesh calls the control plane otherwise."""

    def __init__(self, settings: Settings, authority: Authority, listeners: tuple[ServerTls, ...]) -> None:
        self._settings = settings
        self._names = self._names_at(settings.discovery_address)
        self._lifetime = settings.workload_ttl
        self._listeners = listeners
        self._authority = authority
        self._pair: KeyPair | None = None
        self.anchors = CurrentAnchors(_anchors_of(authority.bundle))
        authority.subscribe(self._bundle_changed)

    def serve_at(self, address: str) -> None:
        """``address`` (host and port) is where proxies of the mesh look for the control plane."""
        names = self._names_at(address)
        if names != self._names:
            self._names = names
            self._issue(self._authority.bundle)

    def _names_at(self, address: str) -> tuple[str, ...]:
        settings = self._settings
        host = address.rpartition(":")[0].strip("[]")
        return serving_names(ServingIdentity(settings.namespace, settings.revision, host, settings.custom_hosts))

    async def keep(self) -> NoReturn:
        """Issues a new one when half of its life is over; for ever."""
        while True:
            await asyncio.sleep(_CHECK)
            if self._pair and (self._pair.expiry - datetime.now(UTC)).total_seconds() < self._lifetime / 2:
                self._issue(self._authority.bundle)

    def _bundle_changed(self, bundle: Bundle) -> None:
        self._issue(bundle)
        self.anchors.replace(_anchors_of(bundle))

    def _issue(self, bundle: Bundle) -> None:
        self._pair = issue_serving(bundle, self._names, self._lifetime, datetime.now(UTC))
        for listener in self._listeners:
            listener.load(self._pair.chain, self._pair.key, bundle.roots)
        log.info("serving certificate issued", names=list(self._names), until=str(self._pair.expiry))


class MountedServing:
    """Read again when its files change. Clients' own certificates are still those of the mesh's CA."""

    def __init__(self, files: ServingFiles, authority: Authority, listeners: tuple[ServerTls, ...]) -> None:
        self._files = files
        self._watched = WatchedFiles(files.paths)  # before they are read: a change right after it is seen
        self._authority = authority
        self._listeners = listeners
        self._given = files.load()
        self.anchors = CurrentAnchors(self._anchors())
        authority.subscribe(lambda bundle: self._serve(self._given))

    def serve_at(self, address: str) -> None:
        """Its names are not decided here."""

    async def keep(self) -> NoReturn:
        """Takes every changed one that fits together, for ever."""
        await self._watched.follow(partial(self._files.offer, self._take))

    def _take(self, given: GivenServing) -> None:
        if given != self._given:
            self._serve(given)

    def _serve(self, given: GivenServing) -> None:
        for listener in self._listeners:
            try:
                listener.load(given.pair.chain, given.pair.key, self._authority.bundle.roots)
            except ssl.SSLError as error:  # such as a key that is too short
                file, cure = str(self._files.certificate), "issue it with a key and a signature of today"
                raise BundleError(file, f"OpenSSL does not take it ({error.reason})", cure) from None
        self._given = given
        self.anchors.replace(self._anchors())
        log.info(
            "serving certificate of somebody else", file=str(self._files.certificate), until=str(given.pair.expiry)
        )

    def _anchors(self) -> Anchors:
        return Anchors(self._given.roots, self._authority.bundle.crl)


def _anchors_of(bundle: Bundle) -> Anchors:
    return Anchors(bundle.roots, bundle.crl)
