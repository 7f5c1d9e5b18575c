"""Resources as the API server sends them: metadata as far as the operator needs it, spec and status."""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar

from isthmus.api.wire import Labels, Wire
from isthmus.operator.resources.istio import IstioSpec, IstioStatus
from isthmus.operator.resources.istio_cni import IstioCniSpec
from isthmus.operator.resources.istio_revision import IstioRevisionSpec
from isthmus.operator.resources.istio_revision_tag import IstioRevisionTagSpec, IstioRevisionTagStatus
from isthmus.operator.resources.status import Status

S = TypeVar("S", bound=Wire)
T = TypeVar("T", bound=Status)


class OwnerReference(Wire, frozen=True, kw_only=True):
    """Who an object belongs to."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""


class Metadata(Wire, frozen=True, kw_only=True):
    """Metadata of a resource of the operator, or of an object in the cluster."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()
    labels: Labels = {}
    annotations: Labels = {}

    @property
    def age_key(self) -> tuple[str, str]:
        """Sorts oldest first."""
        return self.creation_timestamp, self.uid


class Named(Wire, frozen=True, kw_only=True):
    """Any object, of which only the metadata counts."""

    metadata: Metadata


class Resource(Wire, Generic[S, T], frozen=True, kw_only=True):
    """One resource of the operator."""

    metadata: Metadata
    spec: S
    status: T | None = None

    @property
    def name(self) -> str:
        """The resource's name; all kinds are of the cluster."""
        return self.metadata.name

    @property
    def deleting(self) -> bool:
        """Whether somebody has deleted it, and it only waits for its finalizer."""
        return bool(self.metadata.deletion_timestamp)


Istio: TypeAlias = Resource[IstioSpec, IstioStatus]
IstioRevision: TypeAlias = Resource[IstioRevisionSpec, Status]
IstioRevisionTag: TypeAlias = Resource[IstioRevisionTagSpec, IstioRevisionTagStatus]
IstioCni: TypeAlias = Resource[IstioCniSpec, Status]
