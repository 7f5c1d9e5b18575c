"""What all workers of the operator share, and the steps that are the same for every kind of resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from isthmus import __version__
from isthmus.install.apply_objects import apply_all
from isthmus.install.errors import InstallError
from isthmus.install.manifests import Identity
from isthmus.install.owned import delete, owned_objects
from isthmus.install.render import Object
from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError
from isthmus.kube.kinds import Kind
from isthmus.operator.conditions import WELL, Finding
from isthmus.operator.desired import Desired, Images, definitions
from isthmus.operator.diff import changes
from isthmus.operator.errors import SpecError
from isthmus.operator.ownership import marked, selector
from isthmus.operator.resources.resource import Metadata
from isthmus.operator.state import State
from isthmus.operator.writing import LogProgress, carry_out

RETRY = 10.0
"""Seconds until something that was refused is tried again, when nothing changes before."""

RECONCILE_ERROR = "ReconcileError"


@dataclass(frozen=True, slots=True)
class Shell:
    """The cluster, what is known of it, the settings, and wall seconds since the epoch."""

    client: Client
    state: State
    now: Callable[[], float]
    images: Images
    default_profile: str


class Outcome:
    """How a resource was made true: what went wrong, and its objects as they are now."""

    def __init__(self, finding: Finding, live: Mapping[Identity, Object]) -> None:
        self.finding = finding
        self.live = live


Render = Callable[[], Desired]


async def make_true(shell: Shell, kind: Kind, metadata: Metadata, namespace: str, render: Render) -> Outcome:
    """Bring a resource's objects to what they should be. What cannot be done becomes a finding."""
    live = shell.state.live(metadata.uid)
    try:
        _check_namespace(shell.state, namespace)
        desired = render()
        wanted = [marked(each, kind, metadata, namespace, component) for component, each in desired.objects]
        await ensure_definitions(shell)
        live = await carry_out(shell.client, changes(wanted, live), live)
    except (SpecError, InstallError, KubeError) as problem:
        return Outcome(Finding(RECONCILE_ERROR, str(problem)), live)
    return Outcome(WELL, live)


def _check_namespace(state: State, name: str) -> None:
    found = state.namespaces.get(name)
    if found is None:
        raise SpecError(f"spec.namespace: namespace {name} does not exist; create it")
    if found.metadata.deletion_timestamp:
        raise SpecError(f"spec.namespace: namespace {name} is being deleted; create it again when it is gone")


async def ensure_definitions(shell: Shell) -> None:
    """Istio's CRDs, where the cluster lacks them. Those that are there may be somebody's, and newer."""
    lacking = [each for each in definitions() if shell.state.definitions.get(each["metadata"]["name"]) is None]
    if lacking:
        await apply_all(shell.client, lacking, LogProgress())


async def take_away(shell: Shell, metadata: Metadata) -> bool:
    """Delete what a resource made. True when nothing of it is left."""
    found = await owned_objects(shell.client, selector(metadata.uid))
    mine = [owned for owned in found if not owned.controlled]
    for owned in mine:
        await delete(shell.client, owned)
    return not mine


def installed(version: str, warnings: Iterable[str]) -> str:
    """What stands in for a version of Istio, and what the user should know."""
    notes: Sequence[str] = tuple(warnings)
    return "; ".join((f"Isthmus {__version__} serves the API of Istio {version}", *notes))
