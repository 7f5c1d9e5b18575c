"""When a kind that was not installed may have been: one watch of the CRDs for all who wait.

Knows: names of CustomResourceDefinitions. Does not know what is done with a kind, nor whether it is served already.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterable, Iterator

import msgspec

from isthmus.kube.backoff import Backoff
from isthmus.kube.errors import KubeError
from isthmus.kube.events import EventDecoder, LineSplitter
from isthmus.kube.kinds import CUSTOM_RESOURCE_DEFINITION, Kind
from isthmus.kube.pages import decode_page
from isthmus.kube.transport import JSON, Call, Transport

_PATH = CUSTOM_RESOURCE_DEFINITION.path()
# Schemas are most of a definition: megabytes that are of no interest.
_HEADS_LISTED = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"
_HEADS_WATCHED = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,{JSON}"
_LONGEST_WAIT = 300.0
"""Seconds. Kinds can come without a CRD, from an aggregated API server."""

_WATCH = 300  # seconds
_GRACE = 15.0  # seconds
_FIRST_RETRY, _LONGEST_RETRY = 0.5, 60.0  # seconds


class _Definition(msgspec.Struct, frozen=True):
    class Metadata(msgspec.Struct, frozen=True):
        name: str

    metadata: Metadata


class Installations:
    """The CRDs of one API server, watched from the first time that somebody waits until ``close``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._names: set[str] | None = None  # None: not known
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait(self, kind: Kind, seconds: float) -> bool:
        """Waits for a kind that was not served a moment ago; whether its CRD has changed, so that it may be now.

        ``seconds`` is how long to wait while the CRD exists or nobody can tell, as when CRDs may not be read.
        """
        self._start()
        name = f"{kind.plural}.{kind.group}"
        with self._entered(name) as event, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_WAIT if self._misses(name) else seconds):
                await event.wait()
        return event.is_set() and not self._misses(name)

    async def close(self) -> None:
        """Ends the watch."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def _misses(self, name: str) -> bool:
        return self._names is not None and name not in self._names

    @contextlib.contextmanager
    def _entered(self, name: str) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        others = self._waiting.setdefault(name, set())
        others.add(event)
        try:
            yield event
        finally:
            others.discard(event)

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow(), name="CustomResourceDefinitions")

    async def _follow(self) -> None:
        backoff = Backoff(random.random, first=_FIRST_RETRY, longest=_LONGEST_RETRY)
        try:
            while True:
                with contextlib.suppress(KubeError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    version = await self._list()
                    backoff.reset()
                    await self._watch(version)
                self._forget()
                await asyncio.sleep(backoff.next())
        finally:
            self._forget()

    async def _list(self) -> str:
        answer = await self._transport.request(Call("GET", _PATH, (("resourceVersion", "0"),), accept=_HEADS_LISTED))
        page = decode_page(answer.body, _Definition, _ignore)
        self._names = {item.metadata.name for item in page.items}
        self._wake(self._names)
        return page.metadata.resource_version

    async def _watch(self, version: str) -> None:
        """Until something is amiss; that the server ends a watch after a while is not."""
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            version = await self._watch_once(version)
            if clock() - started < 1.0:
                return

    async def _watch_once(self, version: str) -> str:
        lines, decoder = LineSplitter(), EventDecoder(_Definition, _ignore)
        async with self._transport.stream(_watch_call(version), silence=_WATCH + _GRACE) as body:
            while chunk := await body.read():
                batch = decoder.decode(lines.feed(chunk))
                version = batch.resource_version or version
                for event in batch.events:
                    self._note(event.object.metadata.name, present=event.type != "DELETED")
                if batch.error is not None:
                    raise batch.error
        return version

    def _note(self, name: str, *, present: bool) -> None:
        if self._names is not None:
            (self._names.add if present else self._names.discard)(name)
        self._wake((name,))

    def _forget(self) -> None:
        self._names = None
        self._wake(tuple(self._waiting))

    def _wake(self, names: Iterable[str]) -> None:
        for name in names:
            for event in self._waiting.get(name, ()):
                event.set()


def _watch_call(version: str) -> Call:
    params = (
        ("watch", "true"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", version),
        ("timeoutSeconds", str(_WATCH)),
    )
    return Call("GET", _PATH, params, accept=_HEADS_WATCHED)


def _ignore(body: bytes, problem: Exception) -> None:
    """A definition without a name defines nothing."""
