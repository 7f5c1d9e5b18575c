"""`IstioCNI`: the node agent that captures pods' traffic, so that pods need no rights for it."""

from __future__ import annotations

from isthmus.api.definition import Definition, Rule
from isthmus.api.wire import Struct, Wire
from isthmus.operator.resources import status
from isthmus.operator.resources.fields import GROUP, STORAGE, VERSIONS, CniNamespace, Profile
from isthmus.operator.resources.versions import NEWEST, VersionName


class IstioCniSpec(Wire, frozen=True, kw_only=True):
    """What is wanted.

    version: Version of Istio whose API is wanted. This release of Isthmus is installed for each of them.
    namespace: Where the agent runs. It must exist and cannot be changed.
    profile: The settings to start from; default lies below all of them.
    values: Values of the agent's chart; they win over the profile's.
    """

    version: VersionName = NEWEST
    namespace: CniNamespace = "istio-cni"
    profile: Profile | None = None
    values: Struct = {}


DEFINITION = Definition(
    group=GROUP,
    kind="IstioCNI",
    plural="istiocnis",
    spec=IstioCniSpec,
    status=status.Status,
    versions=VERSIONS,
    storage=STORAGE,
    namespaced=False,
    spec_required=False,
    spec_defaulted=True,
    rules=(Rule("self.metadata.name == 'default'", "metadata.name must be default: a node has one agent"),),
    columns=(status.NAMESPACE, status.PROFILE, status.condition_column("Ready", "Ready"), *status.LAST),
)
