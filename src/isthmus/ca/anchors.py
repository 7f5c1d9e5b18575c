"""The roots by which everybody verifies the control plane, and who has to know when they change.

They are the mesh's own roots, unless somebody else issues the control plane's certificate. Does not know who does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec


class Anchors(msgspec.Struct, frozen=True):
    """Roots, and the revocation list that goes with them; both PEM, the latter may be empty."""

    roots: bytes
    crl: bytes = b""


Listener = Callable[[Anchors], None]


class CurrentAnchors:
    """Those that hold now."""

    def __init__(self, anchors: Anchors) -> None:
        self._anchors = anchors
        self._listeners: list[Listener] = []

    @property
    def roots(self) -> bytes:
        """PEM."""
        return self._anchors.roots

    def replace(self, anchors: Anchors) -> None:
        """From now on it is these."""
        if anchors == self._anchors:
            return
        self._anchors = anchors
        for listener in tuple(self._listeners):
            listener(anchors)

    @contextmanager
    def subscribed(self, listener: Listener) -> Iterator[None]:
        """Calls the listener with the current ones at once and with all that replace them, while the block runs."""
        self._listeners.append(listener)
        listener(self._anchors)
        try:
            yield
        finally:
            self._listeners.remove(listener)
