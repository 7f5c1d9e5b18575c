"""Which resource serves a kind: answers from the API server's discovery documents, remembered.

Knows: ``APIResourceList``. Does not know what is done with a kind.
"""

from __future__ import annotations

import asyncio

import msgspec

from isthmus.kube.errors import ApiError, UnknownKindError
from isthmus.kube.kinds import Kind
from isthmus.kube.transport import Call, Transport


class _Resource(msgspec.Struct, frozen=True):
    name: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...] = ()


class _ResourceList(msgspec.Struct, frozen=True):
    resources: tuple[_Resource, ...] = ()


class _Version(msgspec.Struct, frozen=True, rename="camel"):
    group_version: str


class _Group(msgspec.Struct, frozen=True, rename="camel"):
    preferred_version: _Version


class _GroupList(msgspec.Struct, frozen=True):
    groups: tuple[_Group, ...] = ()


class Discovery:
    """The kinds of one API server, read per group version when first asked for."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._known: dict[str, dict[str, Kind]] = {}

    async def kind_of(self, api_version: str, kind: str) -> Kind:
        """The kind under these names; ``UnknownKindError`` when it is not served.

        A kind that is missing is looked up again each time: its CRD may just have been installed.
        """
        found = self._known.get(api_version, {}).get(kind)
        if found is None:
            self._known[api_version] = await self._read(api_version)
            found = self._known[api_version].get(kind)
        if found is None:
            raise UnknownKindError(
                f"{self._transport.access.server} serves no kind {kind} of {api_version}: "
                "install its CRD first, or correct apiVersion and kind"
            )
        return found

    async def kinds(self) -> tuple[Kind, ...]:
        """Every kind that can be listed, each in the version that the server prefers."""
        answer = await self._transport.request(Call("GET", "/apis"))
        groups = msgspec.json.decode(answer.body, type=_GroupList).groups
        versions = ("v1", *(group.preferred_version.group_version for group in groups))
        listed = await asyncio.gather(*(self._list(version) for version in versions))
        return tuple(
            _kind(version, entry)
            for version, entries in zip(versions, listed, strict=True)
            for entry in entries
            if "list" in entry.verbs
        )

    async def _read(self, api_version: str) -> dict[str, Kind]:
        return {entry.kind: _kind(api_version, entry) for entry in await self._list(api_version)}

    async def _list(self, api_version: str) -> tuple[_Resource, ...]:
        group, _, version = api_version.rpartition("/")
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            answer = await self._transport.request(Call("GET", path))
        except ApiError as error:
            if error.not_found:
                return ()
            raise
        listed = msgspec.json.decode(answer.body, type=_ResourceList).resources
        return tuple(entry for entry in listed if "/" not in entry.name)


def _kind(api_version: str, entry: _Resource) -> Kind:
    group, _, version = api_version.rpartition("/")
    return Kind(group, version, entry.name, entry.kind, entry.namespaced)
