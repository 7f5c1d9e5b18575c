"""Listening Unix sockets. Knows the file's life and mode; does not know who serves it."""

from __future__ import annotations

import socket
from pathlib import Path


def listen(path: Path) -> socket.socket:
    """A listening socket that the group's processes may use; a left-over file is replaced.

    It accepts connections from now on, so Envoy may start before anybody serves them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o660)
    listener.listen(128)
    return listener
