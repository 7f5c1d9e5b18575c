"""Removing what an earlier version of the same file had, and this one has not.

Knows whose objects are whose. Does not know how the rest was applied.
"""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.install.manifests import COMPONENT, identity
from isthmus.install.owned import Owned, delete, owned_objects
from isthmus.install.plan import Plan
from isthmus.install.progress import Progress
from isthmus.install.render import Object
from isthmus.kube.client import Client

_GATEWAY_SUFFIXES = ("", "-service-account", "-sds")


async def prune(client: Client, plan: Plan, applied: Sequence[Object], progress: Progress) -> None:
    """Delete the owner's objects that were not applied.

    An IstioOperator with a name owns all that carries it. Files without name share one: of theirs only what
    this one switches off is deleted, so that two of them do not delete each other's gateways.
    """
    progress.waiting("what an earlier version left behind to be found")
    kept = {identity(found) for found in applied}
    selector = ",".join(f"{key}={value}" for key, value in plan.owner.labels().items())
    found = await owned_objects(client, f"{selector},{COMPONENT}")
    for owned in found:
        if owned.identity not in kept and not owned.controlled and _goes(plan, owned):
            await delete(client, owned)
            progress.finished(f"{owned.identity} removed: it is no longer part of this installation")


def _goes(plan: Plan, owned: Owned) -> bool:
    if plan.owner.name:
        return True
    components = [part.component for part in plan.parts if part.component.sort.label == owned.component]
    if owned.component in ("IngressGateways", "EgressGateways"):
        disabled = {each.workload for each in components if not each.enabled}
        return any(owned.identity.name == name + suffix for name in disabled for suffix in _GATEWAY_SUFFIXES)
    return owned.component in ("Pilot", "Cni", "Ztunnel") and bool(components)
