"""Messages as gRPC sends them: a flag for compression, the length, and the bytes (its HTTP/2 mapping, "Requests")."""

from __future__ import annotations

import struct

PREFIX = struct.Struct(">?I")
"""Compressed, length."""


def frame(message: bytes) -> bytes:
    """A message with its prefix."""
    return PREFIX.pack(False, len(message)) + message
