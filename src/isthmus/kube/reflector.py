"""Keeps a sink in step with one kind of object of one cluster: list, watch, and list again when needed.

Knows: resource versions, bookmarks, expiry (410), stalled watches and backing off. Keeps no objects and does
not know what they mean. The rules are those of client-go's reflector; a failed list never empties a sink.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NoReturn, Protocol, TypeVar

import msgspec
import structlog

from isthmus.kube.backoff import Backoff
from isthmus.kube.client import Client, Query
from isthmus.kube.errors import ApiError, KubeError, UnreachableError
from isthmus.kube.events import Batch, Event, EventDecoder, LineSplitter
from isthmus.kube.kinds import Kind
from isthmus.kube.pages import Keep, Page, whole
from isthmus.kube.transport import Body, Call

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

log = structlog.get_logger(__name__)


class Sink(Protocol[T_contra]):
    """Where objects go. Both calls are synchronous: when they return, the change is taken."""

    def replace(self, objects: Sequence[T_contra]) -> None:
        """These are all the objects there are; whatever else is known is gone."""
        ...

    def change(self, events: Sequence[Event[T_contra]]) -> None:
        """These changes arrived together, in this order."""
        ...


class Source(msgspec.Struct, Generic[T], frozen=True):
    """What to reflect: a kind, the record to decode into, which objects, and what to keep of each.

    ``optional``: the kind may not be installed, which counts as having no objects. ``unreadable``: neither counts
    one that this client may not read, which readers made before the kind was needed may not.
    """

    kind: Kind
    into: type[T]
    query: Query = Query()
    optional: bool = False
    unreadable: bool = False
    keep: Keep[T] = whole

    def tells_absence(self, error: ApiError) -> bool:
        """Whether an error says that there are no objects to see."""
        return (self.optional and error.not_found) or (self.unreadable and error.status == 403)


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds, and where time and chance come from.

    A watch is asked to end after ``watch`` to twice ``watch`` seconds (spread, so that watches do not all
    reconnect at once); one that is silent for ``grace`` longer than that is taken for dead. So is one that has sent
    a bookmark and then nothing for ``quiet`` seconds: kube-apiserver sends one each minute. After ``outage`` seconds
    without an answer everything is listed again.
    """

    watch: float = 300.0
    grace: float = 15.0
    quiet: float = 150.0
    outage: float = 30.0
    first_retry: float = 0.05
    longest_retry: float = 10.0
    draw: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic


class ReflectorStatus(msgspec.Struct, frozen=True):
    """How a reflector is doing.

    ``last_contact`` is the pace's clock at the last answer, bookmark or event (None before the first).
    ``last_error`` is empty while all is well. ``absent`` says that an optional kind is not installed.
    """

    synced: bool = False
    last_contact: float | None = None
    last_error: str = ""
    relists: int = 0
    rejected: int = 0
    absent: bool = False


class _RelistError(Exception):
    """The watch cannot go on from where it was."""


class Reflector(Generic[T]):
    """Reflects one source into one sink for as long as ``run`` runs."""

    def __init__(self, client: Client, source: Source[T], sink: Sink[T], pace: Pace | None = None) -> None:
        self._client = client
        self._source = source
        self._sink = sink
        self._pace = pace or Pace()
        self._backoff = Backoff(self._pace.draw, first=self._pace.first_retry, longest=self._pace.longest_retry)
        self._synced = asyncio.Event()
        self._log = log.bind(kind=source.kind.kind, server=client.access.server)
        self._version = ""
        self._doubtful = False
        self._failing_since: float | None = None
        self._listed_at = float("-inf")
        self.status = ReflectorStatus()

    async def wait_synced(self) -> None:
        """Returns after the first full list has reached the sink."""
        await self._synced.wait()

    async def run(self) -> NoReturn:
        """Lists and watches until cancelled. Faults of the environment are retried, the sink's errors are not."""
        while True:
            try:
                await self._step()
            except _RelistError as reason:
                self._log.info("listing again", reason=str(reason))
                self._version = ""
                await asyncio.sleep(self._backoff.next())
            except (KubeError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                if _needs_list(error):
                    self._version = ""
                self._doubtful = True
                self._note_error(error)
                await asyncio.sleep(self._delay(error))

    def _delay(self, error: Exception) -> float:
        """Seconds to wait after an error. None when a server says that a version is too old: it answers again.

        Unless a list was fetched only just now and has not helped.
        """
        if _needs_list(error) and self._pace.clock() - self._listed_at > self._pace.longest_retry:
            return 0.0
        return self._backoff.next(getattr(error, "retry_after", None))

    async def _step(self) -> None:
        if self._version and self._was_away():
            # A server that was restored from a backup may have overtaken the version that is known here: what it
            # says from there on is right, but what it has forgotten would stay.
            self._log.info("listing again", reason="the server was away for long")
            self._version = ""
        if not self._version:
            await self._list()
            return
        if self._doubtful:
            await self._check_version()
        await self._watch()

    def _was_away(self) -> bool:
        return self._failing_since is not None and self._pace.clock() - self._failing_since > self._pace.outage

    async def _list(self) -> None:
        """Fetches everything and hands it to the sink."""
        source = self._source
        try:
            listing = await self._client.list(
                source.kind, source.query, into=source.into, reject=self._reject, keep=source.keep
            )
        except ApiError as error:
            if source.tells_absence(error) and (self.status.absent or not self.status.synced):
                await self._stay_absent()
                return
            raise
        self._take(listing.items)
        self._version = listing.resource_version
        self._listed_at = self._pace.clock()
        self._doubtful = False

    async def _stay_absent(self) -> None:
        if not self.status.absent:
            self._take(())
        self._note_contact()
        self._update(absent=True)
        if await self._client.installations.wait(self._source.kind, self._backoff.next()):
            self._backoff.reset()

    async def _check_version(self) -> None:
        """Asks for the current version after a broken watch.

        A server that was restored from a backup is behind the version that is known here. It would accept a
        watch from the future, and then say nothing until it has caught up.
        """
        path = self._source.kind.path(self._source.query.namespace)
        answer = await self._client.request(Call("GET", path, (("limit", "1"),)))
        current = msgspec.json.decode(answer.body, type=Page[msgspec.Raw]).metadata.resource_version
        if is_older(current, self._version):
            raise _RelistError(f"the server went back from version {self._version} to {current}")
        self._doubtful = False

    async def _watch(self) -> None:
        """One watch, until the server ends it."""
        pace = self._pace
        seconds = pace.watch * (1 + pace.draw())
        started = pace.clock()
        splitter = LineSplitter()
        decoder = EventDecoder(self._source.into, self._reject, self._source.keep)
        call = self._watch_call(seconds)
        async with self._client.transport.stream(call, silence=seconds + pace.grace) as body:
            self._note_contact()
            quiet: float | None = None
            while chunk := await self._read(body, quiet):
                batch = decoder.decode(splitter.feed(chunk))
                self._deliver(batch)
                if batch.bookmark:
                    quiet = pace.quiet
        if pace.clock() - started < min(1.0, seconds / 2):
            raise UnreachableError("the watch ended as soon as it began")

    async def _read(self, body: Body, quiet: float | None) -> bytes:
        try:
            async with asyncio.timeout(quiet):
                return await body.read()
        except TimeoutError:
            raise UnreachableError(f"the watch sent nothing for {quiet:.0f} s, not even a bookmark") from None

    def _deliver(self, batch: Batch[T]) -> None:
        if is_older(batch.resource_version, self._version):
            raise _RelistError(f"the server went back from version {self._version} to {batch.resource_version}")
        if batch.events:
            self._sink.change(batch.events)
        if batch.resource_version:
            self._version = batch.resource_version
            self._backoff.reset()
            self._note_contact()
        if batch.error is not None:
            raise batch.error

    def _watch_call(self, seconds: float) -> Call:
        source = self._source
        params = (
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", self._version),
            ("timeoutSeconds", str(max(1, round(seconds)))),
            *source.query.params(),
        )
        return Call("GET", source.kind.path(source.query.namespace), params)

    def _take(self, objects: Sequence[T]) -> None:
        self._sink.replace(objects)
        self._note_contact()
        self._update(
            synced=True,
            relists=self.status.relists + (1 if self.status.synced else 0),
            absent=False,
        )
        self._synced.set()

    def _reject(self, body: bytes, problem: Exception) -> None:
        self._update(rejected=self.status.rejected + 1)
        self._log.warning("object left out", object=_name_in(body), problem=str(problem))

    def _note_contact(self) -> None:
        self._failing_since = None
        self._update(last_contact=self._pace.clock(), last_error="")

    def _note_error(self, error: Exception) -> None:
        text = str(error)
        if self._failing_since is None:
            self._failing_since = self._pace.clock()
        if text != self.status.last_error:
            self._log.warning("cannot list or watch, trying again", error=text)
        self._update(last_error=text)

    def _update(self, **changes: object) -> None:
        self.status = msgspec.structs.replace(self.status, **changes)


def _needs_list(error: Exception) -> bool:
    """Whether a watch from the same version cannot succeed any more."""
    return isinstance(error, ApiError) and (error.expired or error.version_too_large or error.status == 400)


def is_older(version: str, than: str) -> bool:
    """Whether a resource version lies before another; False when they cannot be compared."""
    if not (version.isdigit() and than.isdigit()):
        return False
    return int(version) < int(than)


def _name_in(body: bytes) -> str:
    try:
        metadata = msgspec.json.decode(body, type=_Named).metadata
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return "?"
    return f"{metadata.namespace}/{metadata.name}".lstrip("/")


class _Named(msgspec.Struct, frozen=True):
    class Metadata(msgspec.Struct, frozen=True):
        name: str = "?"
        namespace: str = ""

    metadata: Metadata = Metadata()
