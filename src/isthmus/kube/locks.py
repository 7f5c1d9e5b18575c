"""The objects that elections are held on, and how each tells who leads.

Knows: Leases and ConfigMaps as client-go and Istio's fork of it write them (pilot/pkg/leaderelection). Does not know
when somebody may take a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from isthmus.kube.client import Object
from isthmus.kube.errors import MalformedError
from isthmus.kube.kinds import CONFIG_MAP, LEASE, Kind
from isthmus.kube.timestamps import format_micro_time, format_time

HOLDER_KEY = "leader.istio.io/holder-key"
RECORD = "control-plane.alpha.kubernetes.io/leader"


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """Who leads, as a ConfigMap's annotation spells it. ``holder_key`` is what claims are compared by.

    Times are RFC 3339 and are written for readers: nobody judges a holder by them.
    """

    holder_identity: str = ""
    holder_key: str = ""
    lease_duration_seconds: int = 0
    acquire_time: str | None = None
    renew_time: str | None = None
    leader_transitions: int = 0


@dataclass(frozen=True, slots=True)
class Lock:
    """One kind of lock: how its objects are read and written (the rest of an object stays), and how it spells times."""

    kind: Kind
    read: Callable[[Object], Record]
    written: Callable[[Object, Record], Object]
    time: Callable[[float], str]


class _LeaseSpec(msgspec.Struct, frozen=True, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


def _read_lease(lease: Object) -> Record:
    spec = _decoded(lease, lambda: msgspec.convert(lease.get("spec") or {}, _LeaseSpec))
    return Record(
        holder_identity=spec.holder_identity or "",
        holder_key=_annotations(lease).get(HOLDER_KEY, ""),
        lease_duration_seconds=spec.lease_duration_seconds or 0,
        acquire_time=spec.acquire_time,
        renew_time=spec.renew_time,
        leader_transitions=spec.lease_transitions or 0,
    )


def _written_lease(lease: Object, record: Record) -> Object:
    spec = _LeaseSpec(
        holder_identity=record.holder_identity,
        lease_duration_seconds=record.lease_duration_seconds,
        acquire_time=record.acquire_time,
        renew_time=record.renew_time,
        lease_transitions=record.leader_transitions,
    )
    return _annotated(lease, HOLDER_KEY, record.holder_key) | {"spec": msgspec.to_builtins(spec)}


def _read_config_map(config_map: Object) -> Record:
    text = _annotations(config_map).get(RECORD)
    return _decoded(config_map, lambda: msgspec.json.decode(text, type=Record)) if text else Record()


def _written_config_map(config_map: Object, record: Record) -> Object:
    return _annotated(config_map, RECORD, msgspec.json.encode(record).decode())


def _annotations(body: Object) -> Mapping[str, str]:
    found: Mapping[str, str] = body["metadata"].get("annotations") or {}
    return found


def _annotated(body: Object, name: str, value: str) -> Object:
    """A copy with this annotation, or without it if it is empty."""
    others = {key: text for key, text in _annotations(body).items() if key != name}
    annotations = others | ({name: value} if value else {})
    return body | {"metadata": body["metadata"] | {"annotations": annotations}}


def _decoded(body: Object, decode: Callable[[], Any]) -> Any:
    try:
        return decode()
    except msgspec.DecodeError as error:
        metadata = body["metadata"]
        where = f"{metadata.get('namespace')}/{metadata.get('name')}"
        raise MalformedError(f"the election's record in {where} cannot be read, delete the object: {error}") from None


LEASE_LOCK = Lock(LEASE, _read_lease, _written_lease, format_micro_time)
CONFIG_MAP_LOCK = Lock(CONFIG_MAP, _read_config_map, _written_config_map, format_time)
