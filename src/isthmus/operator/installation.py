"""The operator itself as objects: its chart rendered, applied, and taken away again.

Knows what stands in the way of its removal. Does not know what the operator does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from isthmus import __version__
from isthmus.install.apply_objects import MANAGER, apply_all
from isthmus.install.chart import load
from isthmus.install.chart_objects import Release
from isthmus.install.errors import InstallError
from isthmus.install.manifests import ordered
from isthmus.install.merge_order import HUB
from isthmus.install.owned import Owned, as_owned
from isthmus.install.progress import Progress
from isthmus.install.ready import wait_for_workloads
from isthmus.install.remove import remove
from isthmus.install.render import Object, objects
from isthmus.install.value_tree import Values, merged, parse_setting, set_path
from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError, UnknownKindError
from isthmus.kube.transport import Call
from isthmus.operator.desired import definitions
from isthmus.operator.kinds import ISTIO, ISTIO_CNI, ISTIO_REVISION, ISTIO_REVISION_TAG
from isthmus.operator.resources.resource import Named
from isthmus.shipped import shipped

NAMESPACE = "istio-operator"
_RELEASE = "istio-operator"
_RESOURCES = (ISTIO, ISTIO_REVISION, ISTIO_REVISION_TAG, ISTIO_CNI)


class Order(msgspec.Struct, frozen=True):
    """What the user asked for: the namespace, and values as the texts of `--set`."""

    namespace: str = NAMESPACE
    settings: Sequence[str] = ()


def rendered(order: Order) -> list[Object]:
    """The operator's objects, in the order of application. Raises InstallError."""
    chart = load(shipped("charts") / "operator")
    return ordered(objects(chart, _values(order.settings), Release(_RELEASE, order.namespace)))


def _values(settings: Sequence[str]) -> Mapping[str, Any]:
    values: Values = {}
    for setting in settings:
        path, value = parse_setting(setting)
        set_path(values, path, value)
    return merged({"hub": HUB, "tag": __version__}, values)


async def install(client: Client, order: Order, seconds: float, progress: Progress) -> None:
    """Apply the operator and wait until it runs. Raises InstallError and KubeError."""
    wanted = rendered(order)
    progress.waiting("an answer of the API server")
    await client.request(Call("GET", "/version", timeout=10))
    await _ensure_namespace(client, order.namespace)
    await apply_all(client, wanted, progress)
    await wait_for_workloads(client, wanted, seconds, progress)
    progress.finished("Operator installed")


async def _ensure_namespace(client: Client, name: str) -> None:
    try:
        await client.create(kinds.NAMESPACE, {"metadata": {"name": name}}, writing=Writing(manager=MANAGER))
    except ApiError as problem:
        if not problem.already_exists:
            raise


async def uninstall(client: Client, order: Order, *, purge: bool, progress: Progress) -> None:
    """Take the operator away, its CRDs and its namespace with it; with `purge` Istio's CRDs as well.

    Raises InstallError while resources are there that only the operator can take away properly.
    """
    await client.request(Call("GET", "/version", timeout=10))
    left = await remaining(client)
    if left:
        cure = "delete them and wait until they are gone: the operator removes what they made"
        raise InstallError(f"there are still {', '.join(left)}; {cure}")
    found = [await _owned(client, each) for each in reversed(rendered(order))]
    found += [await _owned(client, each) for each in definitions()] if purge else []
    await remove(client, [each for each in found if each is not None], progress)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": order.namespace}}
    await remove(client, [as_owned(kinds.NAMESPACE, namespace)], progress)


async def remaining(client: Client) -> list[str]:
    """The operator's resources that are in the cluster."""
    found = []
    for kind in _RESOURCES:
        try:
            listing = await client.list(kind, into=Named)
        except ApiError as problem:
            if problem.not_found:
                continue
            raise
        found += [f"{kind.kind} {each.metadata.name}" for each in listing.items]
    return found


async def _owned(client: Client, found: Object) -> Owned | None:
    """An object to be deleted; None when its kind is not served."""
    try:
        return as_owned(await client.kind_of(found["apiVersion"], found["kind"]), found)
    except UnknownKindError:
        return None
