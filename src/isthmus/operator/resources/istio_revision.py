"""`IstioRevision`: one control plane, or the use of one elsewhere."""

from __future__ import annotations

from isthmus.api.definition import Definition
from isthmus.api.wire import Struct, Wire
from isthmus.operator.resources import status
from isthmus.operator.resources.fields import GROUP, STORAGE, VERSIONS, SystemNamespace
from isthmus.operator.resources.versions import NEWEST, VersionName


class IstioRevisionSpec(Wire, frozen=True, kw_only=True):
    """What is wanted.

    version: Version of Istio whose API is wanted. This release of Isthmus is installed for each of them.
    namespace: Where the control plane runs. It must exist and cannot be changed.
    values: Values of the control plane's chart.
    """

    version: VersionName = NEWEST
    namespace: SystemNamespace = "istio-system"
    values: Struct = {}


DEFINITION = Definition(
    group=GROUP,
    kind="IstioRevision",
    plural="istiorevisions",
    spec=IstioRevisionSpec,
    status=status.Status,
    versions=VERSIONS,
    storage=STORAGE,
    short_names=("istiorev",),
    namespaced=False,
    spec_required=False,
    spec_defaulted=True,
    columns=(
        status.NAMESPACE,
        status.condition_column("Ready", "Ready"),
        status.condition_column("In use", "InUse"),
        *status.LAST,
    ),
)
