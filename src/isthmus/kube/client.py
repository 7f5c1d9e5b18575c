"""Typed requests to one API server: get, list, create, replace, apply, patch, delete, discovery.

Knows: the verbs of Kubernetes' API, their query parameters and content types. Does not know HTTP details
(``transport``) nor what the objects mean.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Generic, TypeVar, overload

import msgspec

from isthmus.kube.access import Access
from isthmus.kube.credentials import CredentialSource
from isthmus.kube.discovery import Discovery
from isthmus.kube.errors import ApiError, MalformedError
from isthmus.kube.installations import Installations
from isthmus.kube.kinds import Kind
from isthmus.kube.pages import Keep, Page, Reject, decode_page, whole
from isthmus.kube.transport import JSON, Answer, Call, Timeouts, Transport

T = TypeVar("T")

Object = dict[str, Any]
"""An object as plain JSON, for those who do not know its kind."""

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

PAGE_SIZE = 500
"""Objects per page of a list, as client-go."""


class Query(msgspec.Struct, frozen=True):
    """Which objects of a kind: an empty namespace is all of them, selectors are in kubectl's syntax."""

    namespace: str = ""
    labels: str = ""
    fields: str = ""

    def params(self) -> tuple[tuple[str, str], ...]:
        """The URL parameters of the selectors."""
        pairs = (("labelSelector", self.labels), ("fieldSelector", self.fields))
        return tuple(pair for pair in pairs if pair[1])


class Writing(msgspec.Struct, frozen=True):
    """How a write is done: as which field manager, on which subresource, in earnest or as a dry run.

    ``force`` is for apply only: take over fields that somebody else owns.
    """

    manager: str = "isthmus"
    subresource: str = ""
    force: bool = True
    dry_run: bool = False

    def params(self) -> tuple[tuple[str, str], ...]:
        """The URL parameters of a write."""
        dry = (("dryRun", "All"),) if self.dry_run else ()
        return (("fieldManager", self.manager), *dry)


class Deletion(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """``DeleteOptions``: propagation is Background, Foreground or Orphan."""

    propagation_policy: str | None = None
    grace_period_seconds: int | None = None
    preconditions: dict[str, str] | None = None


_PLAIN = Writing()
_BACKGROUND = Deletion(propagation_policy="Background")
EVERYTHING = Query()


class Listing(msgspec.Struct, Generic[T], frozen=True):
    """All objects of a query and the resource version at which that was so."""

    items: tuple[T, ...]
    resource_version: str


class Client:
    """An async context manager for requests to one API server.

    ``installations`` tells when a kind that is not served may be.
    """

    def __init__(
        self, access: Access, *, timeouts: Timeouts | None = None, source: CredentialSource | None = None
    ) -> None:
        self.access = access
        self.transport = Transport(access, timeouts=timeouts, source=source)
        self.installations = Installations(self.transport)
        self._discovery = Discovery(self.transport)

    async def __aenter__(self) -> Client:
        """Opens no connection yet: the first request does."""
        await self.transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes every connection."""
        await self.installations.close()
        await self.transport.__aexit__(kind, error, trace)

    async def kind_of(self, api_version: str, kind: str) -> Kind:
        """The kind that an object names by ``apiVersion`` and ``kind``; ``UnknownKindError`` if not served."""
        return await self._discovery.kind_of(api_version, kind)

    async def kinds(self) -> tuple[Kind, ...]:
        """Every kind that can be listed here, each in the version that the server prefers."""
        return await self._discovery.kinds()

    async def request(self, call: Call) -> Answer:
        """Any request, for paths that are no objects (``/version``, ``/readyz``)."""
        return await self.transport.request(call)

    @overload
    async def get(self, kind: Kind, name: str, *, namespace: str = "") -> Object: ...
    @overload
    async def get(self, kind: Kind, name: str, *, namespace: str = "", into: type[T]) -> T: ...
    async def get(self, kind: Kind, name: str, *, namespace: str = "", into: Any = Object) -> Any:
        """One object; ``ApiError`` with ``not_found`` when there is none."""
        answer = await self.request(Call("GET", kind.path(namespace, name)))
        return self._decoded(answer, into)

    async def find(self, kind: Kind, name: str, *, namespace: str = "") -> Object | None:
        """One object, or None when there is none."""
        try:
            return await self.get(kind, name, namespace=namespace)
        except ApiError as error:
            if error.not_found:
                return None
            raise

    @overload
    async def list(self, kind: Kind, query: Query = ...) -> Listing[Object]: ...
    @overload
    async def list(
        self, kind: Kind, query: Query = ..., *, into: type[T], reject: Reject | None = ..., keep: Keep[T] = ...
    ) -> Listing[T]: ...
    async def list(
        self,
        kind: Kind,
        query: Query = EVERYTHING,
        *,
        into: Any = Object,
        reject: Reject | None = None,
        keep: Keep[Any] = whole,
    ) -> Any:
        """All objects of a query, fetched in pages and consistent with one resource version.

        When the pages expire on the way, everything is fetched in one piece. ``reject`` and ``keep`` as in ``pages``.
        """
        try:
            return await self._gather(self.pages(kind, query, into=into, reject=reject, keep=keep))
        except ApiError as error:
            if not error.expired:
                raise
        return await self._gather(self.pages(kind, query, into=into, size=0, reject=reject, keep=keep))

    async def pages(
        self,
        kind: Kind,
        query: Query,
        *,
        into: type[T],
        size: int = PAGE_SIZE,
        reject: Reject | None = None,
        keep: Keep[T] = whole,
    ) -> AsyncIterator[Page[T]]:
        """The pages of a list. ``ApiError`` with ``expired`` when they took too long: start again.

        ``size`` 0 asks for everything in one page. ``reject`` is told of objects that do not fit ``into``.
        ``keep`` gives what is kept of each: from page to page, so that parts that are shared never pile up.
        """
        resume = ""
        while True:
            limit = (("limit", str(size)),) if size else ()
            params = (*query.params(), *limit, *((("continue", resume),) if resume else ()))
            answer = await self.request(Call("GET", kind.path(query.namespace), params))
            try:
                page = decode_page(answer.body, into, reject, keep)
            except msgspec.DecodeError as error:
                raise self._malformed(error) from None
            yield page
            resume = page.metadata.resume
            if not resume:
                return

    async def create(
        self,
        kind: Kind,
        body: Any,
        *,
        name: str = "",
        namespace: str = "",
        writing: Writing = _PLAIN,
    ) -> Object:
        """Creates an object; with ``name`` and a subresource, posts to it (``token``, ``eviction``).

        The namespace is the body's when not given.
        """
        path = kind.path(namespace or _namespace(body), name, writing.subresource)
        return await self._write("POST", path, body, JSON, writing)

    async def replace(self, kind: Kind, body: Mapping[str, Any], *, writing: Writing = _PLAIN) -> Object:
        """Replaces an object (optimistically locked when the body has a resourceVersion)."""
        path = kind.path(_namespace(body), _name(body), writing.subresource)
        return await self._write("PUT", path, body, JSON, writing)

    async def apply(self, kind: Kind, body: Mapping[str, Any], *, writing: Writing = _PLAIN) -> Object:
        """Server-side apply: creates or updates the fields in the body, leaves everybody else's alone."""
        path = kind.path(_namespace(body), _name(body), writing.subresource)
        return await self._write("PATCH", path, body, APPLY_PATCH, writing)

    async def merge_patch(
        self,
        kind: Kind,
        name: str,
        patch: Mapping[str, Any],
        *,
        namespace: str = "",
        writing: Writing = _PLAIN,
    ) -> Object:
        """A JSON merge patch (RFC 7386): null deletes a field, lists are replaced."""
        path = kind.path(namespace, name, writing.subresource)
        return await self._write("PATCH", path, patch, MERGE_PATCH, writing)

    async def json_patch(
        self,
        kind: Kind,
        name: str,
        patch: Sequence[Mapping[str, Any]],
        *,
        namespace: str = "",
        writing: Writing = _PLAIN,
    ) -> Object:
        """A JSON patch (RFC 6902)."""
        path = kind.path(namespace, name, writing.subresource)
        return await self._write("PATCH", path, patch, JSON_PATCH, writing)

    async def delete(
        self,
        kind: Kind,
        name: str,
        *,
        namespace: str = "",
        options: Deletion = _BACKGROUND,
    ) -> None:
        """Deletes an object; ``ApiError`` with ``not_found`` when there is none."""
        body = msgspec.json.encode(options)
        await self.request(Call("DELETE", kind.path(namespace, name), body=body))

    async def _gather(self, pages: AsyncIterator[Page[T]]) -> Listing[T]:
        items: list[T] = []
        version = ""
        async for page in pages:
            items += page.items
            version = page.metadata.resource_version
        return Listing(tuple(items), version)

    async def _write(self, method: str, path: str, body: Any, content_type: str, writing: Writing) -> Object:
        params = writing.params()
        encoded = msgspec.json.encode(body)
        if content_type == APPLY_PATCH:
            params += (("force", "true" if writing.force else "false"),)
            encoded = yaml_safe(encoded)
        call = Call(method, path, params, encoded, content_type)
        answer = await self.request(call)
        result: Object = self._decoded(answer, Object)
        return result

    def _decoded(self, answer: Answer, into: Any) -> Any:
        try:
            return msgspec.json.decode(answer.body, type=into)
        except msgspec.DecodeError as error:
            raise self._malformed(error) from None

    def _malformed(self, error: msgspec.DecodeError) -> MalformedError:
        return MalformedError(f"{self.access.server} gave an answer that is not understood: {error}")


def yaml_safe(encoded: bytes) -> bytes:
    """The same JSON with those characters escaped that YAML reads differently.

    Apply patches are parsed as YAML, which folds U+0085 inside a string into a space and refuses control
    characters that JSON allows.
    """
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return _NOT_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", encoded.decode()).encode()


def _metadata(body: Any) -> Mapping[str, Any]:
    metadata = body.get("metadata") if isinstance(body, Mapping) else None
    return metadata if isinstance(metadata, Mapping) else {}


def _namespace(body: Any) -> str:
    return str(_metadata(body).get("namespace", ""))


def _name(body: Mapping[str, Any]) -> str:
    name = str(_metadata(body).get("name", ""))
    if not name:
        raise ValueError(f"a {body.get('kind', 'object')} without metadata.name cannot be written")
    return name
