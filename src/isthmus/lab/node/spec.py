"""What `init` must know about its node, as one JSON file, and the messages on its control socket.

Knows names of files and fields. Does no I/O.
"""

from typing import Literal

import msgspec

SOCKET = "run/node.sock"
"""The control socket, relative to the node's directory (`/run/node.sock` inside)."""


class NodeSpec(msgspec.Struct, frozen=True):
    """A node as its process 1 sees it. Paths are those of the host."""

    hostname: str
    directory: str
    """Holds everything that the node writes, and the files `network.batch` and `network.nft`."""
    lab: str
    """The lab's directory, which must stay visible inside."""
    sysctls: tuple[tuple[str, str], ...]


class Daemon(msgspec.Struct, frozen=True):
    """A program that runs until it is told not to; it is started again when it ends by itself."""

    name: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


class Request(msgspec.Struct, frozen=True):
    """One line to the control socket. `start` takes `daemon` if it was not started before; `stop` takes `name`."""

    action: Literal["start", "stop", "status"]
    name: str = ""
    daemon: Daemon | None = None


class DaemonStatus(msgspec.Struct, frozen=True):
    """How one daemon fares. `pid` is that inside the node; 0 when it does not run."""

    name: str
    pid: int
    starts: int
    wanted: bool


class Reply(msgspec.Struct, frozen=True):
    """The answer to every request: all daemons, or what was wrong with the request."""

    daemons: tuple[DaemonStatus, ...] = ()
    error: str = ""
