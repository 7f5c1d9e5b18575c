"""`IstioRevisionTag`: a stable name under which workloads choose a revision."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from isthmus.api.definition import AGE, Column, Definition
from isthmus.api.wire import Wire
from isthmus.operator.resources import status
from isthmus.operator.resources.fields import GROUP, STORAGE, VERSIONS


class TargetReference(Wire, frozen=True, kw_only=True):
    """What the tag stands for.

    kind: Istio for its active revision, IstioRevision for one and the same.
    name: Name of the resource.
    """

    kind: Literal["Istio", "IstioRevision"]
    name: Annotated[str, Meta(min_length=1, max_length=253)]


class IstioRevisionTagSpec(Wire, frozen=True, kw_only=True):
    """What is wanted.

    targetRef: What the tag stands for.
    """

    target_ref: TargetReference


class IstioRevisionTagStatus(status.Status, frozen=True, kw_only=True):
    """What was found.

    observedGeneration: The generation of the spec that this status is about.
    conditions: Each aspect.
    state: Healthy, or the reason of the first condition that is not as it should be.
    istiodNamespace: Where the control plane of the revision runs.
    istioRevision: The revision that the tag leads to now.
    """

    istiod_namespace: str = ""
    istio_revision: str = ""


DEFINITION = Definition(
    group=GROUP,
    kind="IstioRevisionTag",
    plural="istiorevisiontags",
    spec=IstioRevisionTagSpec,
    status=IstioRevisionTagStatus,
    versions=VERSIONS,
    storage=STORAGE,
    short_names=("istiorevtag",),
    namespaced=False,
    columns=(
        status.STATE,
        status.condition_column("In use", "InUse"),
        Column(name="Revision", path=".status.istioRevision", description="The revision that the tag leads to."),
        AGE,
    ),
)
