"""Envoy resources as immutable bytes: serialised once, shared by every stream."""

from __future__ import annotations

import msgspec


class Resource(msgspec.Struct, frozen=True):
    """One discovery resource.

    ``body`` is the serialised message (the value of its ``Any``); ``version`` is a short hash of it, so that
    equal content is an equal resource.
    """

    name: str
    type_url: str
    body: bytes
    version: str


PIECEWISE = "+vhds"
"""In the versions of route configurations whose virtual hosts are resources of their own.

A client that comes back tells versions: by this it is known in which form it holds a route configuration.
"""


def is_piecewise(version: str) -> bool:
    """Whether a version is that of a route configuration without its virtual hosts."""
    return PIECEWISE in version
