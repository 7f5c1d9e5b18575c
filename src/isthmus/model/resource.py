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
