"""Questions of the plug-in as bytes."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from isthmus.cni import plugin_socket
from isthmus.cni.request import Request, RequestError, parse


def test_a_pod_is_named_by_the_runtimes_arguments() -> None:
    message = b"CNI_COMMAND=ADD\0CNI_ARGS=K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web;K8S_POD_UID=u;IgnoreUnknown=1\0"
    assert parse(message) == Request("ADD", "ns", "web", "u")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (b"", "cut off"),
        (b"CNI_COMMAND=ADD\0CNI_ARGS=K8S_POD_NAM", "cut off"),
        (b"CNI_COMMAND=DEL\0CNI_ARGS=K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web\0", "CNI_COMMAND is 'DEL'"),
        (b"CNI_COMMAND=ADD\0CNI_ARGS=K8S_POD_NAMESPACE=ns\0", "names no pod"),
        (b"CNI_COMMAND=ADD\0", "names no pod"),
        (b"\xff\0\0\0", "CNI_COMMAND is ''"),
    ],
)
def test_other_messages_say_what_is_missing(message: bytes, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        parse(message)


async def test_a_question_without_a_network_namespace_is_answered_with_why(tmp_path: Path) -> None:
    async def agree(_request: Request, _namespace: int) -> str:
        return "ok"

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        serving = asyncio.create_task(plugin_socket.serve(listener, agree))
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b"CNI_COMMAND=ADD\0CNI_ARGS=K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web\0")
        writer.write_eof()
        assert (
            await reader.read() == b"the node agent does not understand the plug-in: the network namespace is missing"
        )
        writer.close()
        serving.cancel()
