"""Streams into pods through the API server: port-forward and exec over WebSockets.

Knows: the channel protocols of Kubernetes (a first byte that names the channel). Port-forward speaks
``v4.channel.k8s.io``, which kubelets answer themselves and which carries one TCP connection per WebSocket; it
cannot close one direction only. Exec speaks v5, or v4 with older servers.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import msgspec

from isthmus.kube.client import Client
from isthmus.kube.errors import ApiError, KubeError, Status, UnreachableError
from isthmus.kube.kinds import POD

PORT_FORWARD_PROTOCOL = "v4.channel.k8s.io"
EXEC_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")

_DATA, _ERROR = 0, 1
_STDIN, _STDOUT, _STDERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255
_CHUNK = 64 * 1024


class PortForwardError(KubeError):
    """The kubelet could not connect to the port, or the connection broke; the message is the kubelet's."""


class PodPort(msgspec.Struct, frozen=True):
    """A TCP port of a pod, on the pod's own loopback address."""

    namespace: str
    pod: str
    port: int


class Finished(msgspec.Struct, frozen=True):
    """What a program in a container printed and how it ended."""

    stdout: bytes
    stderr: bytes
    exit_code: int


@asynccontextmanager
async def port_forward(
    client: Client, target: PodPort
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """One TCP connection to a pod's port.

    ``PortForwardError`` is raised here when the API server refuses, and by the reader when the pod does.
    """
    async with _connected(client, target) as websocket:
        near, far = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=near)
        inner_reader, inner_writer = await asyncio.open_connection(sock=far)
        carrying = asyncio.create_task(_carry(websocket, inner_reader, inner_writer, reader))
        try:
            yield reader, writer
        finally:
            await _close(writer)
            carrying.cancel()
            await asyncio.wait((carrying,))


class Forwarding:
    """A local socket whose every connection leads to a pod's port.

    ``path`` is a Unix socket that only this user can reach. ``last_error`` tells why a connection ended
    without an answer (empty when none did).
    """

    def __init__(self, client: Client, target: PodPort, path: str) -> None:
        self._client = client
        self._target = target
        self.path = path
        self.last_error = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries one local connection."""
        try:
            async with _connected(self._client, self._target) as websocket:
                await _pump(websocket, reader, writer)
        except KubeError as error:
            self.last_error = str(error)
        finally:
            await _close(writer)


@asynccontextmanager
async def forwarding(client: Client, target: PodPort) -> AsyncIterator[Forwarding]:
    """A local Unix socket for clients that open connections themselves (HTTP and gRPC libraries)."""
    with TemporaryDirectory(prefix="isthmus-") as directory:  # mode 0700
        forwarded = Forwarding(client, target, str(Path(directory) / "forward.sock"))
        connections: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(forwarded.serve(reader, writer))
            connections.add(task)
            task.add_done_callback(connections.discard)

        server = await asyncio.start_unix_server(accept, forwarded.path)
        try:
            yield forwarded
        finally:
            server.close()
            for task in tuple(connections):
                task.cancel()
            if connections:
                await asyncio.wait(tuple(connections))


async def run_in_pod(
    client: Client, namespace: str, pod: str, container: str, command: tuple[str, ...], stdin: bytes = b""
) -> Finished:
    """Runs a program in a container, without a terminal, to its end.

    ``stdin`` needs a server of Kubernetes 1.30 or later, as older ones cannot say that the input has ended.
    """
    params = (
        ("container", container),
        ("stdout", "true"),
        ("stderr", "true"),
        *((("stdin", "true"),) if stdin else ()),
        *(("command", word) for word in command),
    )
    protocols = EXEC_PROTOCOLS[:1] if stdin else EXEC_PROTOCOLS
    path = POD.path(namespace, pod, "exec")
    async with client.transport.websocket(path, params, protocols) as websocket:
        feeding = asyncio.create_task(_feed(websocket, stdin))
        try:
            channels = await _drain(websocket)
        finally:
            feeding.cancel()
            await asyncio.wait((feeding,))
    return Finished(bytes(channels[_STDOUT]), bytes(channels[_STDERR]), exit_code(bytes(channels[_STATUS])))


async def _feed(websocket: aiohttp.ClientWebSocketResponse, stdin: bytes) -> None:
    """Sends the input while output is read: neither may wait for the other."""
    try:
        for start in range(0, len(stdin), _CHUNK):
            await websocket.send_bytes(bytes((_STDIN,)) + stdin[start : start + _CHUNK])
        if stdin:
            await websocket.send_bytes(bytes((_CLOSE, _STDIN)))
    except (aiohttp.ClientError, OSError):
        return  # the program ended without reading its input


async def _drain(websocket: aiohttp.ClientWebSocketResponse) -> dict[int, bytearray]:
    channels = {_STDOUT: bytearray(), _STDERR: bytearray(), _STATUS: bytearray()}
    async for message in websocket:
        if message.type is aiohttp.WSMsgType.BINARY and message.data and message.data[0] in channels:
            channels[message.data[0]] += message.data[1:]
    return channels


def exit_code(status: bytes) -> int:
    """The exit code in the ``Status`` that ends an exec; ``UnreachableError`` when the stream broke before."""
    if not status:
        raise UnreachableError("the connection to the container broke before the program ended")
    answer = msgspec.json.decode(status, type=Status)
    if answer.status == "Success":
        return 0
    for cause in answer.details.causes if answer.details else ():
        if cause.reason == "ExitCode":
            return int(cause.message)
    raise KubeError(f"the program could not be run: {answer.message}")


@asynccontextmanager
async def _connected(client: Client, target: PodPort) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    path = POD.path(target.namespace, target.pod, "portforward")
    ports = (("ports", str(target.port)),)
    try:
        async with client.transport.websocket(path, ports, (PORT_FORWARD_PROTOCOL,)) as websocket:
            yield websocket
    except ApiError as error:  # a refused WebSocket has a status and no words
        raise PortForwardError(_refusal(error, target)) from None


def _refusal(error: ApiError, target: PodPort) -> str:
    if error.not_found:
        return f"pod {target.namespace}/{target.pod} does not exist"
    if error.status == 403:
        return f"not allowed to create pods/portforward in namespace {target.namespace}"
    return f"pod {target.namespace}/{target.pod} port {target.port}: {error}"


async def _pump(
    websocket: aiohttp.ClientWebSocketResponse, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Carries bytes both ways until either side ends; ``PortForwardError`` with the kubelet's words."""
    sending = asyncio.create_task(_send(websocket, reader))
    receiving = asyncio.create_task(_receive(websocket, writer))
    try:
        done, _ = await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (sending, receiving):
            task.cancel()
        await asyncio.wait((sending, receiving))


async def _send(websocket: aiohttp.ClientWebSocketResponse, reader: asyncio.StreamReader) -> None:
    try:
        while data := await reader.read(_CHUNK):
            await websocket.send_bytes(bytes((_DATA,)) + data)
    except (aiohttp.ClientError, OSError):
        return  # the receiving side knows why


async def _receive(websocket: aiohttp.ClientWebSocketResponse, writer: asyncio.StreamWriter) -> None:
    greeted: set[int] = set()
    async for message in websocket:
        if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
            continue
        channel, content = message.data[0], message.data[1:]
        if channel not in greeted:  # the first message of each channel repeats the port number
            greeted.add(channel)
        elif channel == _ERROR and content:
            raise PortForwardError(_plain(content.decode("utf-8", "replace")))
        elif channel == _DATA:
            writer.write(content)
            await writer.drain()


def _plain(text: str) -> str:
    """The cause at the end of a runtime's long story, when it is the usual one."""
    return "connection refused: nothing listens on this port" if "connection refused" in text else text.strip()


async def _carry(
    websocket: aiohttp.ClientWebSocketResponse,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    outer: asyncio.StreamReader,
) -> None:
    """Pumps, and lets whoever reads ``outer`` see how it ended."""
    try:
        await _pump(websocket, reader, writer)
    except KubeError as error:
        outer.set_exception(error)
    finally:
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return  # the other side closed first
