"""The reflector against a real API server: what reaches the sink, and when."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec

from isthmus.kube import kinds
from isthmus.kube.client import Client, Query
from isthmus.kube.events import Event
from isthmus.kube.reflector import Pace, Reflector, Source


class Meta(msgspec.Struct, frozen=True):
    name: str


class ConfigMap(msgspec.Struct, frozen=True):
    metadata: Meta
    data: dict[str, str] = {}


class Recorder:
    """A sink that keeps the objects and lets a test wait for a state."""

    def __init__(self) -> None:
        self.objects: dict[str, ConfigMap] = {}
        self.replaced = 0
        self.batches: list[tuple[str, ...]] = []
        self._changed = asyncio.Event()

    def replace(self, objects: Sequence[ConfigMap]) -> None:
        self.objects = {found.metadata.name: found for found in objects}
        self.replaced += 1
        self._changed.set()

    def change(self, events: Sequence[Event[ConfigMap]]) -> None:
        for event in events:
            if event.type == "DELETED":
                del self.objects[event.object.metadata.name]
            else:
                self.objects[event.object.metadata.name] = event.object
        self.batches.append(tuple(event.type for event in events))
        self._changed.set()

    async def until(self, condition: Callable[[dict[str, ConfigMap]], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition(self.objects):
                await self._changed.wait()
                self._changed.clear()


@asynccontextmanager
async def reflecting(
    client: Client, source: Source[ConfigMap], pace: Pace | None = None
) -> AsyncIterator[tuple[Reflector[ConfigMap], Recorder]]:
    sink = Recorder()
    reflector = Reflector(client, source, sink, pace)
    task = asyncio.create_task(reflector.run())
    try:
        async with asyncio.timeout(30):
            await reflector.wait_synced()
        yield reflector, sink
    finally:
        task.cancel()
        await asyncio.wait((task,))


def source(namespace: str, **query: str) -> Source[ConfigMap]:
    return Source(kinds.CONFIG_MAP, ConfigMap, Query(namespace, **query))


async def write(client: Client, namespace: str, name: str, **data: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"name": name}},
        "data": data,
    }
    await client.apply(kinds.CONFIG_MAP, body)


async def test_adds_changes_and_deletes_reach_the_sink(client: Client, namespace: str) -> None:
    await write(client, namespace, "before")
    async with reflecting(client, source(namespace)) as (_, sink):
        assert set(sink.objects) == {"before"}
        await write(client, namespace, "after")
        await sink.until(lambda objects: "after" in objects)
        await write(client, namespace, "before", key="new")
        await sink.until(lambda objects: objects["before"].data == {"key": "new"})
        await client.delete(kinds.CONFIG_MAP, "before", namespace=namespace)
        await sink.until(lambda objects: set(objects) == {"after"})
        assert sink.replaced == 1


async def test_only_selected_objects_arrive_and_leave_when_their_label_goes(client: Client, namespace: str) -> None:
    async with reflecting(client, source(namespace, labels="name=a")) as (_, sink):
        await write(client, namespace, "b")
        await write(client, namespace, "a")
        await sink.until(lambda objects: bool(objects))
        assert set(sink.objects) == {"a"}
        await client.merge_patch(kinds.CONFIG_MAP, "a", {"metadata": {"labels": {"name": "x"}}}, namespace=namespace)
        await sink.until(lambda objects: not objects)


async def test_text_with_line_separators_arrives_in_one_piece(client: Client, namespace: str) -> None:
    text = "one\u2028two\u0085three\r\nfour"
    async with reflecting(client, source(namespace)) as (reflector, sink):
        await write(client, namespace, "a", key=text)
        await sink.until(lambda objects: "a" in objects)
        assert sink.objects["a"].data == {"key": text}
        assert reflector.status.last_error == ""


async def test_a_watch_that_ends_goes_on_without_a_new_list(client: Client, namespace: str) -> None:
    watches = asyncio.Semaphore(0)

    def draw() -> float:
        watches.release()
        return 0.0

    pace = Pace(watch=1.0, draw=draw)
    async with reflecting(client, source(namespace), pace) as (reflector, sink):
        for index in range(2):
            await watches.acquire()
            await write(client, namespace, f"c{index}")
        await watches.acquire()
        await sink.until(lambda objects: set(objects) == {"c0", "c1"})
        assert sink.replaced == 1
        assert reflector.status.relists == 0


async def test_an_optional_kind_that_is_not_installed_counts_as_empty(client: Client, namespace: str) -> None:
    absent = kinds.Kind("nobody.isthmus.dev", "v1", "things", "Thing")
    absent_source = Source(absent, ConfigMap, Query(namespace), optional=True)
    async with reflecting(client, absent_source) as (reflector, sink):
        assert sink.objects == {}
        assert reflector.status.absent
        assert reflector.status.synced


async def test_an_object_that_does_not_fit_is_left_out_and_counted(client: Client, namespace: str) -> None:
    class Strict(msgspec.Struct, frozen=True):
        class Data(msgspec.Struct, frozen=True):
            needed: str

        metadata: Meta
        data: Data

    await write(client, namespace, "bad")
    await write(client, namespace, "good", needed="1")
    strict = Source(kinds.CONFIG_MAP, Strict, Query(namespace))
    async with reflecting(client, strict) as (reflector, sink):  # type: ignore[arg-type]
        assert set(sink.objects) == {"good"}
        await write(client, namespace, "worse")
        await write(client, namespace, "fine", needed="2")
        await sink.until(lambda objects: "fine" in objects)
        assert set(sink.objects) == {"good", "fine"}
        assert reflector.status.rejected == 2
