"""Why the control plane cannot start, or a page cannot be given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from isthmus.control_plane.addresses import Address


class StartError(Exception):
    """Something that only its operator can change: the message names it and the cure."""


class PageError(Exception):
    """A page cannot be given: an HTTP status, and a sentence for whoever asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def listening(address: Address) -> Iterator[None]:
    """Says which address was wanted when it cannot be had."""
    try:
        yield
    except OSError as error:
        raise StartError(
            f"cannot listen on {address.host or '*'}:{address.port}: {error.strerror or error}; "
            "give another address, or stop who uses it"
        ) from None
