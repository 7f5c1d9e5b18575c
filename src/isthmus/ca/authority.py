"""The bundle in use, and who has to know when it changes.

Knows when a new bundle may replace the old one. Does not know where bundles come from nor what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from isthmus.ca.bundle import Bundle, refuse_change

log = structlog.get_logger(__name__)

Listener = Callable[[Bundle], None]


class Authority:
    """Holds the current bundle. Signing takes it at each request, so that a new intermediate needs no restart."""

    def __init__(self, bundle: Bundle, *, several_roots: bool = False) -> None:
        self._bundle = bundle
        self._several_roots = several_roots
        self._listeners: list[Listener] = []

    @property
    def bundle(self) -> Bundle:
        """The one to sign with now."""
        return self._bundle

    def subscribe(self, listener: Listener) -> None:
        """Calls the listener with the current bundle at once, and with each one that replaces it."""
        self._listeners.append(listener)
        listener(self._bundle)

    @contextmanager
    def subscribed(self, listener: Listener) -> Iterator[None]:
        """Subscribes for as long as the block runs."""
        self.subscribe(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def offer(self, bundle: Bundle) -> bool:
        """Takes a changed bundle if it may replace the one in use; whether it is in use now."""
        if bundle == self._bundle:
            return True
        reason = refuse_change(self._bundle, bundle, several_roots=self._several_roots)
        if reason:
            log.error("changed CA bundle not taken, the former one stays in use", reason=reason)
            return False
        return self._take(bundle)

    def renew(self, bundle: Bundle) -> None:
        """Takes a self-signed root that was signed again with the same key."""
        self._take(bundle)

    def _take(self, bundle: Bundle) -> bool:
        self._bundle = bundle
        log.info("CA bundle in use", bundle=repr(bundle))
        for listener in tuple(self._listeners):
            listener(bundle)
        return True
