"""Process 1 of a node: makes its file system and network, then starts, reaps and restarts daemons as it is told.

Knows the control socket and signals. What runs when is decided outside, by `control`'s callers.
"""

import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from isthmus.lab.node import cgroups, mounts, spec, system
from isthmus.lab.node.supervisor import Supervisor

REQUEST_BYTES = 1 << 16
CONVERSATION_SECONDS = 2.0


def prepare(node: spec.NodeSpec) -> None:
    """Everything that must stand before the first daemon starts."""
    hierarchies = cgroups.hierarchies(cgroups.MOUNTINFO.read_text())
    cgroups.enter_namespace()
    system.set_hostname(node.hostname)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # containers inherit it
    mounts.prepare(node, hierarchies)
    for name, value in node.sysctls:
        path = Path("/proc/sys", name)
        if path.exists():
            path.write_text(value)
    subprocess.run(["ip", "-batch", f"{node.directory}/network.batch"], check=True)
    subprocess.run(["nft", "-f", f"{node.directory}/network.nft"], check=True)


def serve(listener: socket.socket, supervisor: Supervisor) -> None:
    """Runs for ever: answers requests, reaps children, restarts daemons."""
    selector = selectors.DefaultSelector()
    wake, wakeup = socket.socketpair()
    for end in (wake, wakeup, listener):
        end.setblocking(False)
    signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    selector.register(wake, selectors.EVENT_READ)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select(supervisor.tick()):
            if key.fileobj is wake:
                with suppress(BlockingIOError):
                    wake.recv(4096)
                _reap(supervisor)
            else:
                _converse(listener, supervisor)


def _reap(supervisor: Supervisor) -> None:
    with suppress(ChildProcessError):
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            supervisor.ended(pid)


def _converse(listener: socket.socket, supervisor: Supervisor) -> None:
    """One request line, one reply line. A client that says nothing is dropped."""
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(CONVERSATION_SECONDS)
            with connection.makefile("rb") as stream:
                line = stream.readline(REQUEST_BYTES)
            connection.sendall(msgspec.json.encode(_answer(line, supervisor)) + b"\n")


def _answer(line: bytes, supervisor: Supervisor) -> spec.Reply:
    try:
        request = msgspec.json.decode(line, type=spec.Request)
        match request.action:
            case "start" if request.daemon is not None:
                supervisor.start(request.daemon)
            case "start":
                supervisor.resume(request.name)
            case "stop":
                supervisor.stop(request.name)
            case "status":
                pass
    except (msgspec.DecodeError, OSError) as problem:
        return spec.Reply(error=str(problem))
    except KeyError as problem:
        return spec.Reply(error=f"there is no daemon {problem}")
    return spec.Reply(daemons=supervisor.status())


def main() -> None:
    """Argument: the path of the node's specification."""
    node = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=spec.NodeSpec)
    prepare(node)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("/run/node.sock")
    listener.listen()
    serve(listener, Supervisor(Path(node.directory) / "logs"))


if __name__ == "__main__":
    main()
