"""Programs that the capture tests run inside namespaces: one accepts connections, one makes them.

``reach.py accept PORT…`` prints ``ready``, then for each connection the port it arrived at and where it was going.
``reach.py connect UID ADDRESS PORT [SOURCE]`` connects as a user and group and prints what it is sent, or why not.
``reach.py capture UID ARGUMENT…`` runs ``istio-iptables`` as a user and group.
"""

from __future__ import annotations

import importlib
import os
import selectors
import socket
import sys

from isthmus.capture import command
from isthmus.capture.validation import original_destination


def accept(ports: list[int]) -> None:
    selector = selectors.DefaultSelector()
    for port in ports:
        selector.register(socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True), 1)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            connection, _ = key.fileobj.accept()
            with connection:
                connection.sendall(describe(connection).encode())


def describe(connection: socket.socket) -> str:
    """The port of arrival and the destination before any redirection."""
    local = connection.getsockname()
    mapped = local[0].startswith("::ffff:")
    try:
        if mapped:
            raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=os.dup(connection.fileno()))
            with raw:
                address, port = original_destination(raw)
        else:
            address, port = original_destination(connection)
    except OSError:
        address, port = local[0].removeprefix("::ffff:"), local[1]
    return f"{local[1]} {address} {port}"


def become(uid: int) -> None:
    """Goes on as this user and group. Python's own files may not be readable for them, so late imports come first."""
    "localhost".encode("idna")
    importlib.import_module("shutil")  # by argparse
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


def connect(address: str, port: int, source: str) -> None:
    try:
        bound = (source, 0) if source else None
        with socket.create_connection((address, port), 5, source_address=bound) as connection:
            print(connection.recv(200).decode() or "closed")
    except OSError as error:
        print(error)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["accept", *ports]:
            accept([int(port) for port in ports])
        case ["connect", uid, address, port, *source]:
            become(int(uid))
            connect(address, int(port), *source or [""])
        case ["capture", uid, *arguments]:
            become(int(uid))
            sys.exit(command.run(arguments))
