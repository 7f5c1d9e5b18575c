"""The socket that the plug-in asks at: a message and a descriptor in, a sentence out.

Knows: how messages and descriptors travel (see ``images/install-cni/plugin/agent.h``). Does not know what is asked.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable

from isthmus.cni.request import Request, RequestError, parse

log = logging.getLogger("socket")

Answer = Callable[[Request, int], Awaitable[str]]

_LONGEST = 65536
_RECEIVE_SECONDS = 5.0


async def serve(listener: socket.socket, answer: Answer) -> None:
    """Answers until cancelled; questions that are under way are answered side by side."""
    loop = asyncio.get_running_loop()
    listener.setblocking(False)
    async with asyncio.TaskGroup() as tasks:
        while True:
            connection, _ = await loop.sock_accept(listener)
            tasks.create_task(_handle(connection, answer))


async def _handle(connection: socket.socket, answer: Answer) -> None:
    with connection:
        try:
            message, descriptors = await asyncio.to_thread(receive, connection)
        except OSError as error:
            log.warning("a question was not received: %s", error)
            return
        try:
            reply = await _answered(message, descriptors, answer)
            await asyncio.to_thread(connection.sendall, reply.encode())
        except OSError as error:
            log.warning("an answer was not sent: %s", error)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


async def _answered(message: bytes, descriptors: list[int], answer: Answer) -> str:
    try:
        request = parse(message)
        if len(descriptors) != 1:
            raise RequestError("the network namespace is missing")
        return await answer(request, descriptors[0])
    except RequestError as error:
        log.warning("a question that is not understood: %s", error)
        return f"the node agent does not understand the plug-in: {error}"
    except Exception:  # a bug must not take the agent from the node's other pods
        log.exception("a question failed")
        return "internal error: see the node agent's log"


def receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    """The whole message and what came with it. OSError when it does not come in time, or is too long."""
    connection.settimeout(_RECEIVE_SECONDS)
    message, descriptors, _, _ = socket.recv_fds(connection, _LONGEST, 1)
    try:
        while piece := connection.recv(_LONGEST):
            message += piece
            if len(message) > _LONGEST:
                raise OSError(f"a question is longer than {_LONGEST} bytes")
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return message, descriptors
