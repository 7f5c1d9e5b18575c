"""Waiting until objects are as they should be, by watching them.

Knows: list and watch through the reflector. Never polls. Does not know what is waited for: the caller says it
in words, which end up in the error and in progress displays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from isthmus.kube.client import Client, Object, Query
from isthmus.kube.errors import WaitTimeoutError
from isthmus.kube.events import Event
from isthmus.kube.kinds import Kind
from isthmus.kube.readiness import missing
from isthmus.kube.reflector import Reflector, Source

Objects = Mapping[tuple[str, str], Object]
"""Objects by namespace (empty for kinds of the cluster) and name."""

Lacking = Callable[[Objects], str]
"""What is still lacking, in words; empty when the wait is over."""


class _Gathering:
    """A sink that holds the objects and looks at them after every change."""

    def __init__(self, kind: Kind, lacking: Lacking, progress: Callable[[str], None]) -> None:
        self._type = {"apiVersion": kind.api_version, "kind": kind.kind}  # lists leave it out of their items
        self._lacking = lacking
        self._progress = progress
        self._objects: dict[tuple[str, str], Object] = {}
        self.text = "an answer of the API server"
        self.done: asyncio.Future[Objects] = asyncio.get_running_loop().create_future()

    def replace(self, objects: Sequence[Object]) -> None:
        self._objects = {_key(found): self._type | found for found in objects}
        self._look()

    def change(self, events: Sequence[Event[Object]]) -> None:
        for event in events:
            if event.type == "DELETED":
                self._objects.pop(_key(event.object), None)
            else:
                self._objects[_key(event.object)] = event.object
        self._look()

    def _look(self) -> None:
        if self.done.done():
            return
        text = self._lacking(MappingProxyType(self._objects))
        if not text:
            self.done.set_result(dict(self._objects))
        elif text != self.text:
            self.text = text
            self._progress(text)


async def wait_until(
    client: Client,
    kind: Kind,
    query: Query,
    lacking: Lacking,
    *,
    seconds: float,
    progress: Callable[[str], None] = lambda _: None,
) -> Objects:
    """Waits until nothing is lacking among the objects of a query, and returns them.

    ``progress`` hears what is lacking whenever that changes. After ``seconds``, ``WaitTimeoutError`` says what
    was lacking last, or which error kept the API server from answering.
    """
    gathering = _Gathering(kind, lacking, progress)
    reflector = Reflector(client, Source(kind, Object, query, optional=True), gathering)
    running = asyncio.create_task(reflector.run())
    try:
        async with asyncio.timeout(seconds):
            await asyncio.wait((running, gathering.done), return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        problem = reflector.status.last_error
        raise WaitTimeoutError(f"after {seconds:g} s: {problem or gathering.text}") from None
    finally:
        running.cancel()
        await asyncio.wait((running,))
    if not gathering.done.done():
        running.result()  # the reflector ended with the error of ``lacking``: let it out
    return gathering.done.result()


async def wait_ready(
    client: Client,
    kind: Kind,
    name: str,
    *,
    namespace: str = "",
    seconds: float,
    progress: Callable[[str], None] = lambda _: None,
) -> Object:
    """Waits until one object is ready (see ``readiness``) and returns it; ``WaitTimeoutError`` says why not."""

    def lacking(objects: Objects) -> str:
        text = missing(objects.get((namespace, name)))
        return text and f"{kind.kind} {namespace + '/' if namespace else ''}{name} {text}"

    query = Query(namespace, fields=f"metadata.name={name}")
    objects = await wait_until(client, kind, query, lacking, seconds=seconds, progress=progress)
    return objects[(namespace, name)]


async def wait_gone(client: Client, kind: Kind, name: str, *, namespace: str = "", seconds: float) -> None:
    """Waits until an object does not exist any more."""

    def lacking(objects: Objects) -> str:
        return f"{kind.kind} {name} still exists" if objects else ""

    await wait_until(client, kind, Query(namespace, fields=f"metadata.name={name}"), lacking, seconds=seconds)


def _key(found: Object) -> tuple[str, str]:
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
