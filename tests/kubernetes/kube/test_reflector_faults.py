"""The reflector between real API servers and their real faults: expiry, restart, restored backup, bad links."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from isthmus.kube import kinds
from isthmus.kube.access import Access, load_kubeconfig
from isthmus.kube.client import Client, Query
from isthmus.kube.events import Event
from isthmus.kube.reflector import Pace, Reflector, Source
from isthmus.lab import apiserver as api
from isthmus.lab.apiserver import ApiServer

PACE = Pace(watch=5.0, grace=0.0, first_retry=0.01, longest_retry=0.1, draw=lambda: 0.0)


class Meta(msgspec.Struct, frozen=True):
    name: str


class ConfigMap(msgspec.Struct, frozen=True):
    metadata: Meta


class Sink:
    def __init__(self) -> None:
        self.names: set[str] = set()
        self.lists: list[set[str]] = []
        self._changed = asyncio.Event()

    def replace(self, objects: Sequence[ConfigMap]) -> None:
        self.names = {found.metadata.name for found in objects}
        self.lists.append(set(self.names))
        self._changed.set()

    def change(self, events: Sequence[Event[ConfigMap]]) -> None:
        for event in events:
            (self.names.discard if event.type == "DELETED" else self.names.add)(event.object.metadata.name)
        self._changed.set()

    async def until(self, condition: Callable[[set[str]], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition(self.names):
                await self._changed.wait()
                self._changed.clear()


@asynccontextmanager
async def reflecting(
    client: Client, namespace: str, pace: Pace = PACE
) -> AsyncIterator[tuple[Reflector[ConfigMap], Sink]]:
    sink = Sink()
    reflector = Reflector(client, Source(kinds.CONFIG_MAP, ConfigMap, Query(namespace)), sink, pace)
    running = asyncio.create_task(reflector.run())
    try:
        async with asyncio.timeout(60):
            await reflector.wait_synced()
        yield reflector, sink
    finally:
        running.cancel()
        await asyncio.wait((running,))


async def write(client: Client, namespace: str, name: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}
    await client.apply(kinds.CONFIG_MAP, body)


class Link:
    """A TCP relay in front of an API server that can be cut, taken down, or made to swallow everything."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self._target = port
        self._up = True
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.asked = asyncio.Event()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._up:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        both = {writer, far_writer}
        self._writers |= both
        ways = [
            asyncio.create_task(self._pump(reader, far_writer, self.asked)),
            asyncio.create_task(self._pump(far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ways:
                task.cancel()
            self._writers -= both
            for each in both:
                each.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, held: asyncio.Event | None = None
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if not self._flowing.is_set():
                    if held is not None:
                        held.set()
                    await self._flowing.wait()
                writer.write(data)
                await writer.drain()

    def swallow(self) -> None:
        """Connections stay open and nothing arrives any more, as behind a firewall that forgot them.

        ``asked`` is set when the client sends something into the void.
        """
        self._flowing.clear()

    def flow(self) -> None:
        """What was held back arrives, and what is new flows."""
        self._flowing.set()

    def down(self) -> None:
        """Every connection is reset, and new ones are, too."""
        self._up = False
        self.cut()

    def up(self) -> None:
        """New connections get through again."""
        self._up = True

    def cut(self) -> None:
        """Every connection is reset."""
        for writer in tuple(self._writers):
            writer.transport.abort()


@asynccontextmanager
async def linked(port: int) -> AsyncIterator[Link]:
    link = Link(port)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(link.relay(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def port_of(access: Access) -> int:
    return int(access.server.rpartition(":")[2])


def through(link: Link, access: Access) -> Access:
    return msgspec.structs.replace(access, server=f"https://127.0.0.1:{link.port}")


async def test_a_version_that_the_server_has_forgotten_is_listed_again(client: Client, namespace: str) -> None:
    await write(client, namespace, "a")
    sink = Sink()
    reflector = Reflector(client, Source(kinds.CONFIG_MAP, ConfigMap, Query(namespace)), sink, PACE)
    reflector._version = "1"  # as after a long time without contact
    running = asyncio.create_task(reflector.run())
    await sink.until(lambda names: names == {"a"})
    await write(client, namespace, "b")
    await sink.until(lambda names: names == {"a", "b"})
    running.cancel()
    await asyncio.wait((running,))


async def test_a_cut_link_loses_nothing_and_needs_no_new_list(access: Access, client: Client, namespace: str) -> None:
    async with (
        linked(port_of(access)) as link,
        Client(through(link, access)) as distant,
        reflecting(distant, namespace) as (reflector, sink),
    ):
        await write(client, namespace, "a")
        await sink.until(lambda names: names == {"a"})
        link.cut()
        await write(client, namespace, "b")
        await sink.until(lambda names: names == {"a", "b"})
        assert reflector.status.relists == 0
        assert len(sink.lists) == 1


async def test_a_link_that_swallows_everything_is_noticed(access: Access, client: Client, namespace: str) -> None:
    pace = replace(PACE, watch=1.0)
    async with (
        linked(port_of(access)) as link,
        Client(through(link, access)) as distant,
        reflecting(distant, namespace, pace) as (reflector, sink),
    ):
        await write(client, namespace, "a")
        await sink.until(lambda names: names == {"a"})
        link.swallow()
        await write(client, namespace, "b")
        async with asyncio.timeout(30):
            await link.asked.wait()
        assert "did not answer in time" in reflector.status.last_error
        link.cut()
        link.flow()
        await sink.until(lambda names: names == {"a", "b"})
        assert reflector.status.relists == 0


class Restartable:
    """An API server with its etcd, on ports that stay the same when it is started again."""

    def __init__(self, directory: Path) -> None:
        self._programs = api.binaries.ensure(("etcd", "kube-apiserver"))
        self._etcd, self._peer, self.port = api.free_ports(3)
        self._directory = directory
        authority = api.pki.Authority.create("apiserver")
        self.server = ApiServer(
            url=f"https://127.0.0.1:{self.port}",
            authority=authority.pair.certificate,
            admin=authority.issue(api.pki.Subject("admin", groups=("system:masters",))),
            directory=directory,
        )
        api._write_certificates(directory, authority, self.server)
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Starts both and waits until the API server is ready."""
        etcd = [str(self._programs["etcd"]), *api._etcd_flags(self._directory, self._etcd, self._peer)]
        flags = api._apiserver_flags(self._directory, self._etcd, self.port)
        self._processes = [
            api._spawn(etcd, self._directory / "etcd.log"),
            api._spawn([str(self._programs["kube-apiserver"]), *flags], self._directory / "kube-apiserver.log"),
        ]
        api._await_ready(self.server, (self._processes[0], self._processes[1]))

    def kill(self) -> None:
        """Kills both, without a goodbye."""
        for process in self._processes:
            api._end(process)
        self._processes = []

    def forget(self) -> None:
        """Removes everything that was stored, as a restored backup of an empty cluster would."""
        subprocess.run(["rm", "-rf", str(self._directory / "etcd")], check=True)

    def back_up(self) -> None:
        """Keeps what is stored; both must be down."""
        subprocess.run(["cp", "-a", str(self._directory / "etcd"), str(self._directory / "backup")], check=True)

    def restore(self) -> None:
        """Stores again what was kept; both must be down."""
        self.forget()
        subprocess.run(["cp", "-a", str(self._directory / "backup"), str(self._directory / "etcd")], check=True)

    async def go_on(self) -> None:
        """Starts both again beside the event loop."""
        await asyncio.to_thread(self.start)


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[Restartable]:
    server = Restartable(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.kill()


async def test_a_server_that_restarts_loses_nothing(restartable: Restartable) -> None:
    async with Client(load_kubeconfig(restartable.server.kubeconfig)) as client:
        await write(client, "default", "a")
        async with reflecting(client, "default") as (reflector, sink):
            restartable.kill()
            await asyncio.to_thread(restartable.start)
            await write(client, "default", "b")
            await sink.until(lambda names: {"a", "b"} <= names)
            assert all("a" in found for found in sink.lists)
            assert reflector.status.last_error == ""


async def test_a_server_that_comes_back_from_an_older_backup_is_believed(restartable: Restartable) -> None:
    async with Client(load_kubeconfig(restartable.server.kubeconfig)) as client:
        for index in range(300):
            await write(client, "default", f"old{index % 3}-{index}")
        async with reflecting(client, "default") as (reflector, sink):
            assert "old0-0" in sink.names
            restartable.kill()
            restartable.forget()
            await asyncio.to_thread(restartable.start)
            await write(client, "default", "new")
            await sink.until(lambda names: "new" in names and "old0-0" not in names)
            assert reflector.status.relists >= 1


async def changed_since_a_backup(server: Restartable, client: Client) -> None:
    """The backup has ``kept`` and ``deleted``; by now there are ``kept`` and ``added``."""
    await write(client, "default", "kept")
    await write(client, "default", "deleted")
    server.kill()
    server.back_up()
    await server.go_on()
    await client.delete(kinds.CONFIG_MAP, "deleted", namespace="default")
    await write(client, "default", "added")


def as_in_backup(names: set[str]) -> bool:
    return {"kept", "deleted"} <= names and "added" not in names


async def test_a_restored_backup_brings_back_what_was_deleted_and_takes_what_was_added(
    restartable: Restartable,
) -> None:
    async with Client(load_kubeconfig(restartable.server.kubeconfig)) as client:
        await changed_since_a_backup(restartable, client)
        async with reflecting(client, "default") as (_, sink):
            assert {"kept", "added"} <= sink.names
            restartable.kill()
            restartable.restore()
            await restartable.go_on()
            await sink.until(as_in_backup)
            assert all("kept" in found for found in sink.lists)


async def test_a_restored_backup_is_seen_also_when_its_versions_have_overtaken(restartable: Restartable) -> None:
    access = load_kubeconfig(restartable.server.kubeconfig)
    async with Client(access) as client, linked(restartable.port) as link, Client(through(link, access)) as distant:
        await changed_since_a_backup(restartable, client)
        async with reflecting(distant, "default", replace(PACE, outage=0.5)) as (reflector, sink):
            assert {"kept", "added"} <= sink.names
            link.down()
            known = int(reflector._version)
            restartable.kill()
            restartable.restore()
            await restartable.go_on()
            while int((await client.list(kinds.CONFIG_MAP, Query("default"))).resource_version) <= known:
                await write(client, "default", "kept")
                await client.delete(kinds.CONFIG_MAP, "kept", namespace="default")
            await write(client, "default", "kept")
            link.up()
            await sink.until(as_in_backup)
