"""`Istio`: a control plane of this cluster, or the use of one elsewhere, whatever its revisions are called."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from isthmus.api.definition import Column, Definition
from isthmus.api.wire import Struct, Wire
from isthmus.operator.resources import status
from isthmus.operator.resources.fields import GROUP, STORAGE, VERSIONS, Profile, SystemNamespace
from isthmus.operator.resources.versions import NEWEST, VersionName

_IN_PLACE = {"default": "InPlace"}


class UpdateStrategy(Wire, frozen=True, kw_only=True):
    """How a change of version is carried out.

    type: InPlace changes the one control plane. RevisionBased starts another beside it.
    inactiveRevisionDeletionGracePeriodSeconds: How long a revision stays after its last workload has left it.
    updateWorkloads: Whether namespaces and workloads are moved to the new revision once that is ready.
    """

    type: Annotated[Literal["InPlace", "RevisionBased"], Meta(extra_json_schema=_IN_PLACE)] = "InPlace"
    inactive_revision_deletion_grace_period_seconds: Annotated[int, Meta(ge=0)] = 30
    update_workloads: bool = False


class IstioSpec(Wire, frozen=True, kw_only=True):
    """What is wanted.

    version: Version of Istio whose API is wanted. This release of Isthmus is installed for each of them.
    namespace: Where the control plane runs. It must exist and cannot be changed.
    profile: The settings to start from; default lies below all of them.
    updateStrategy: How a change of version is carried out.
    values: Values of the control plane's chart; they win over the profile's.
    """

    version: VersionName = NEWEST
    namespace: SystemNamespace = "istio-system"
    profile: Profile | None = None
    update_strategy: UpdateStrategy = UpdateStrategy()
    values: Struct = {}


class RevisionCounts(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """How many revisions of this resource there are.

    total: All of them.
    ready: Those whose control plane is ready.
    inUse: Those that workloads use.
    """

    total: int = 0
    ready: int = 0
    in_use: int = 0


class IstioStatus(status.Status, frozen=True, kw_only=True):
    """What was found.

    observedGeneration: The generation of the spec that this status is about.
    conditions: Each aspect, as the active revision has it.
    state: Healthy, or the reason of the first condition that is not as it should be.
    activeRevisionName: The IstioRevision that new workloads are meant to use.
    revisions: How many revisions there are.
    """

    active_revision_name: str = ""
    revisions: RevisionCounts = RevisionCounts()


DEFINITION = Definition(
    group=GROUP,
    kind="Istio",
    plural="istios",
    spec=IstioSpec,
    status=IstioStatus,
    versions=VERSIONS,
    storage=STORAGE,
    namespaced=False,
    spec_required=False,
    spec_defaulted=True,
    columns=(
        status.NAMESPACE,
        status.PROFILE,
        Column(name="Revisions", path=".status.revisions.total", type="integer", description="How many there are."),
        Column(name="Ready", path=".status.revisions.ready", type="integer", description="How many are ready."),
        Column(name="In use", path=".status.revisions.inUse", type="integer", description="How many are used."),
        Column(name="Active Revision", path=".status.activeRevisionName", description="The newest revision."),
        *status.LAST,
    ),
)
