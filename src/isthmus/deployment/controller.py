"""Keeps what Gateways need in the configuration cluster: their classes, and pods with a Service for each.

Rules: Istio's gateway deployment controller. Objects are written by server-side apply and belong to their Gateway,
with which they go. Objects of the same name that somebody else made are left alone. Knows Kubernetes; does not know
what is written (``objects``), nor which replica may: whoever runs it won the election.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import structlog

from isthmus.api.config import Config
from isthmus.api.gateway_api.gateway import Gateway
from isthmus.api.gateway_api.references import ObjectReference
from isthmus.deployment.objects import MANAGED, MANAGED_BY, DeploymentError, Making, objects_for
from isthmus.kube import kinds
from isthmus.kube.backoff import Backoff
from isthmus.kube.client import Client, Query, Writing
from isthmus.kube.errors import ApiError, KubeError
from isthmus.kube.events import Event
from isthmus.kube.kinds import Kind
from isthmus.kube.reflector import Pace, Reflector, Source
from isthmus.translate.gateway_api import names

log = structlog.get_logger(__name__)

Key = tuple[str, str]  # namespace and name of a Gateway
_MADE = (
    kinds.SERVICE_ACCOUNT,
    kinds.DEPLOYMENT,
    kinds.SERVICE,
    kinds.HORIZONTAL_POD_AUTOSCALER,
    kinds.POD_DISRUPTION_BUDGET,
)
_REVISION = "istio.io/rev"
_DEFAULT = "default"
_WRITING = Writing(manager=names.CONTROLLER)
_DESCRIPTIONS = {
    "istio": "Gateways that the mesh deploys and serves",
    "istio-east-west": "Gateways between networks of the mesh",
    "istio-remote": "Gateways of other networks, by their addresses",
}


class Gateways(Protocol):
    """Where Gateways and what they are made from are looked up."""

    def all(self) -> Iterable[Key]:
        """All Gateways that may want pods."""
        ...

    def find(self, key: Key) -> Config[Gateway] | None:
        """A Gateway that wants pods."""
        ...

    def making(self, uid: str, parameters: Mapping[str, str]) -> Making | None:
        """What objects are made from; None as long as there is no template."""
        ...


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _Made(msgspec.Struct, frozen=True):
    """An object that was made, as far as somebody else's changes matter."""

    metadata: _Metadata
    spec: dict[str, Any] = {}


class _Named(msgspec.Struct, frozen=True):
    """An object of which only the name counts here."""

    metadata: _Metadata


class DeploymentController:
    """Give ``changed`` to whoever knows Gateways, and ``run`` it while leading."""

    def __init__(self, client: Client, gateways: Gateways, revision: str, home: str, pace: Pace | None = None) -> None:
        """`home` is the control plane's namespace: the classes that are made go when it goes."""
        self._client = client
        self._home = home
        self._gateways = gateways
        self._revision = revision
        self._pace = pace
        self._made: dict[tuple[str, str, str], _Made] = {}  # kind, namespace, name
        self._due: dict[Key, None] = {}
        self._work = asyncio.Event()
        self._classes: set[str] | None = None  # None: the kind is not known yet

    def changed(self, keys: Iterable[Key]) -> None:
        """These Gateways have to be looked at again."""
        self._due.update(dict.fromkeys(keys))
        self._work.set()

    def all_changed(self) -> None:
        """The template, the values or the Gateways' ConfigMaps changed."""
        self.changed(self._gateways.all())

    async def run(self) -> None:
        """Works for ever. Deleted and modified objects are written again; errors of the API server are retried."""
        self._made.clear()
        query = Query(labels=f"{MANAGED}={MANAGED_BY}")
        async with asyncio.TaskGroup() as group:
            reflectors = [
                Reflector(self._client, Source(kind, _Made, query), _MadeSink(kind, self), self._pace) for kind in _MADE
            ]
            for reflector in reflectors:
                group.create_task(reflector.run())
            classes = Source(kinds.GATEWAY_CLASS, _Made, optional=True)
            group.create_task(Reflector(self._client, classes, _Classes(self.classes_seen), self._pace).run())
            maps = Reflector(self._client, Source(kinds.CONFIG_MAP, _Named), _ConfigMaps(self), self._pace)
            group.create_task(maps.run())
            for reflector in reflectors:
                await reflector.wait_synced()
            self.all_changed()
            group.create_task(self._work_off())

    def made_seen(self, kind: Kind, seen: Mapping[Key, _Made | None]) -> None:
        """Objects that were made, as the API server has them; None for one that is gone."""
        for key, found in seen.items():
            known = (kind.kind, *key)
            before = self._made.pop(known, None)
            if found is not None:
                self._made[known] = found
            one = found or before
            if one is not None and found != before:
                self.changed([(key[0], one.metadata.labels.get(names.GATEWAY_LABEL, ""))])

    def made_of(self, kind: Kind) -> list[Key]:
        """The objects of a kind that are known to have been made."""
        return [(namespace, name) for known, namespace, name in self._made if known == kind.kind]

    def parameters_changed(self, config_maps: Iterable[Key]) -> None:
        """ConfigMaps that changed; most have nothing to do with Gateways."""
        named = set(config_maps)
        for key in self._gateways.all():
            gateway = self._gateways.find(key)
            reference = _parameters_reference(gateway) if gateway else None
            if reference is not None and (key[0], reference.name) in named:
                self.changed([key])

    def classes_seen(self, found: set[str]) -> None:
        """The classes that there are."""
        self._classes = found
        self._work.set()

    async def _work_off(self) -> None:
        backoff = Backoff(random.random)
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                while self._due:
                    await self._make(next(iter(self._due)))
                await self._make_classes()
                backoff.reset()
            except KubeError as error:
                log.warning("gateways not deployed, trying again", error=str(error))
                self._work.set()
                await asyncio.sleep(backoff.next(getattr(error, "retry_after", None)))

    async def _make_classes(self) -> None:
        missing = () if self._classes is None else tuple(name for name in names.CLASSES if name not in self._classes)
        home = await self._client.find(kinds.NAMESPACE, self._home) if missing else None
        if home is None:
            return
        owner = {"apiVersion": "v1", "kind": "Namespace", "name": self._home, "uid": home["metadata"]["uid"]}
        for name in missing:
            body = {
                "apiVersion": kinds.GATEWAY_CLASS.api_version,
                "kind": "GatewayClass",
                "metadata": {"name": name, "labels": {MANAGED: MANAGED_BY}, "ownerReferences": [owner]},
                "spec": {"controllerName": names.CLASSES[name], "description": _DESCRIPTIONS[name]},
            }
            try:
                await self._client.create(kinds.GATEWAY_CLASS, body)
            except ApiError as error:
                if not (error.already_exists or error.not_found):
                    raise

    async def _make(self, key: Key) -> None:
        del self._due[key]
        gateway = self._gateways.find(key)
        if gateway is not None:
            try:
                if await self._is_own(gateway):
                    await self._apply(gateway)
            except DeploymentError as error:
                log.warning("gateway not deployed", gateway="/".join(key), problem=str(error))
            except KubeError:
                self._due[key] = None
                raise

    async def _apply(self, gateway: Config[Gateway]) -> None:
        found = await self._client.find(kinds.KUBERNETES_GATEWAY, gateway.name, namespace=gateway.namespace)
        if found is None or found["metadata"].get("deletionTimestamp"):
            return
        making = self._gateways.making(found["metadata"]["uid"], await self._parameters(gateway))
        if making is None:
            return
        for body in objects_for(gateway, making):
            await self._apply_one(gateway, body)

    async def _apply_one(self, gateway: Config[Gateway], body: dict[str, Any]) -> None:
        kind = next((one for one in _MADE if one.kind == body["kind"]), None)
        if kind is None:
            raise DeploymentError(f"a gateway is not made of a {body['kind']}")
        name = body["metadata"]["name"]
        if await self._is_foreign(kind, gateway.namespace, name):
            raise DeploymentError(
                f"{kind.kind} {gateway.namespace}/{name} was made by somebody else: delete it, or name the "
                f"gateway's objects by the annotation {names.NAME_OVERRIDE}"
            )
        await self._client.apply(kind, body, writing=_WRITING)

    async def _is_foreign(self, kind: Kind, namespace: str, name: str) -> bool:
        if (kind.kind, namespace, name) in self._made:
            return False
        found = await self._client.find(kind, name, namespace=namespace)
        return found is not None and found["metadata"].get("labels", {}).get(MANAGED) != MANAGED_BY

    async def _parameters(self, gateway: Config[Gateway]) -> Mapping[str, str]:
        reference = _parameters_reference(gateway)
        if reference is None:
            return {}
        if (reference.group, reference.kind) != ("", "ConfigMap"):
            raise DeploymentError(f"parametersRef names a {reference.kind}; it must be a ConfigMap")
        found = await self._client.find(kinds.CONFIG_MAP, reference.name, namespace=gateway.namespace)
        if found is None:
            raise DeploymentError(f"parametersRef: there is no ConfigMap {gateway.namespace}/{reference.name}")
        return dict(found.get("data") or {})

    async def _is_own(self, gateway: Config[Gateway]) -> bool:
        """Whether this revision deploys a Gateway: the revision or tag that it, or else its namespace, names.

        Unlabelled ones are the default revision's: two revisions that wrote the same objects would never end.
        """
        wanted = gateway.labels.get(_REVISION) or await self._revision_of(gateway.namespace) or _DEFAULT
        tags = await self._client.list(kinds.MUTATING_WEBHOOK, Query(labels=f"istio.io/tag={wanted}"))
        if tags.items:
            return any(tag["metadata"]["labels"].get(_REVISION) == self._revision for tag in tags.items)
        return wanted == self._revision

    async def _revision_of(self, namespace: str) -> str:
        found = await self._client.find(kinds.NAMESPACE, namespace)
        return str((found or {}).get("metadata", {}).get("labels", {}).get(_REVISION, ""))


class _MadeSink:
    def __init__(self, kind: Kind, controller: DeploymentController) -> None:
        self._kind = kind
        self._controller = controller

    def replace(self, objects: Sequence[_Made]) -> None:
        gone = dict.fromkeys(self._controller.made_of(self._kind))
        self._controller.made_seen(self._kind, {**gone, **{_key(one): one for one in objects}})

    def change(self, events: Sequence[Event[_Made]]) -> None:
        seen = {_key(event.object): None if event.type == "DELETED" else event.object for event in events}
        self._controller.made_seen(self._kind, seen)


class _ConfigMaps:
    def __init__(self, controller: DeploymentController) -> None:
        self._controller = controller

    def replace(self, objects: Sequence[_Named]) -> None:
        self._controller.parameters_changed(_key(one) for one in objects)

    def change(self, events: Sequence[Event[_Named]]) -> None:
        self._controller.parameters_changed(_key(event.object) for event in events)


class _Classes:
    def __init__(self, seen: Callable[[set[str]], None]) -> None:
        self._seen = seen
        self._names: set[str] = set()

    def replace(self, objects: Sequence[_Made]) -> None:
        self._names = {one.metadata.name for one in objects}
        self._seen(self._names)

    def change(self, events: Sequence[Event[_Made]]) -> None:
        for event in events:
            (self._names.discard if event.type == "DELETED" else self._names.add)(event.object.metadata.name)
        self._seen(self._names)


def _key(found: _Made | _Named) -> Key:
    return found.metadata.namespace, found.metadata.name


def _parameters_reference(gateway: Config[Gateway]) -> ObjectReference | None:
    infrastructure = gateway.spec.infrastructure
    return infrastructure.parameters_ref if infrastructure else None
