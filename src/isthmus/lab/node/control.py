"""Talks to a node's process 1 from the host.

Knows the control socket. Does not know what the daemons mean.
"""

import os
import socket
from pathlib import Path

import msgspec

from isthmus.lab.node.spec import SOCKET, Daemon, DaemonStatus, Reply, Request

ANSWER_SECONDS = 10.0


class NodeError(RuntimeError):
    """The node does not run, or refused a request; the text says which."""


def start(directory: Path, daemon: Daemon) -> tuple[DaemonStatus, ...]:
    """Starts a daemon on the node in `directory`, unless it runs. Raises NodeError."""
    return _ask(directory, Request(action="start", name=daemon.name, daemon=daemon))


def resume(directory: Path, name: str) -> tuple[DaemonStatus, ...]:
    """Starts a daemon that was stopped. Raises NodeError."""
    return _ask(directory, Request(action="start", name=name))


def stop(directory: Path, name: str) -> tuple[DaemonStatus, ...]:
    """Kills a daemon and keeps it down. Raises NodeError."""
    return _ask(directory, Request(action="stop", name=name))


def status(directory: Path) -> tuple[DaemonStatus, ...]:
    """All daemons of the node. Raises NodeError where the node does not run."""
    return _ask(directory, Request(action="status"))


def is_up(directory: Path) -> bool:
    """Whether the node's process 1 answers."""
    try:
        status(directory)
    except NodeError:
        return False
    return True


def _ask(directory: Path, request: Request) -> tuple[DaemonStatus, ...]:
    socket_path = directory / SOCKET
    try:
        line = _exchange(socket_path, msgspec.json.encode(request) + b"\n")
        reply = msgspec.json.decode(line, type=Reply)
    except (OSError, msgspec.DecodeError) as problem:
        raise NodeError(f"node {directory.name} does not answer: {problem}") from problem
    if reply.error:
        raise NodeError(f"node {directory.name}: {reply.error}")
    return reply.daemons


def _exchange(path: Path, line: bytes) -> bytes:
    parent = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            # A socket's path may have 107 bytes; a directory's descriptor makes any path short.
            connection.connect(f"/proc/self/fd/{parent}/{path.name}")
            connection.sendall(line)
            with connection.makefile("rb") as stream:
                return stream.readline()
    finally:
        os.close(parent)
