"""The account that reads a cluster for somebody else's control plane, for clusters that have none yet.

Knows which objects of the charts make up the reader. Does not know tokens or secrets.
"""

from __future__ import annotations

from collections.abc import Iterator

from isthmus.cli.remote_secret_yaml import READER_ACCOUNT
from isthmus.install.chart import load
from isthmus.install.chart_objects import RELEASE_NAME, Release
from isthmus.install.manifests import COMPONENT, ordered
from isthmus.install.render import Object, objects
from isthmus.install.value_tree import Values, at
from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError, KubeError
from isthmus.shipped import shipped

_WRITING = Writing(manager="istioctl")


async def ensure_account(client: Client, namespace: str, account: str, *, create: bool) -> None:
    """Makes sure that the account exists; with ``create``, makes it and its role when it is missing.

    What exists is left as it is. ``KubeError`` names the account and the cure.
    """
    if await client.find(kinds.SERVICE_ACCOUNT, account, namespace=namespace) is not None:
        return
    if not create:
        raise KubeError(
            f"service account {namespace}/{account} does not exist: install the mesh in this cluster first, "
            "or name another account with --service-account"
        )
    await _ensure_namespace(client, namespace)
    for body in reader_objects(namespace, account):
        kind = await client.kind_of(body["apiVersion"], body["kind"])
        metadata = body["metadata"]
        if await client.find(kind, metadata["name"], namespace=metadata.get("namespace", "")) is None:
            await client.apply(kind, body, writing=_WRITING)


def reader_objects(namespace: str, account: str) -> list[Object]:
    """The account, its role and their binding as the charts render them, in the order in which to apply them.

    They carry the label by which ``uninstall --purge`` finds them, and no owner, so that no installation prunes
    them. The binding of another account than the charts' own has a name of its own.
    """
    values: Values = {"global": {"istioNamespace": namespace, "readerServiceAccountName": account}}
    found = [*_of_chart("base", values, "Base"), *_of_chart("istiod", values, "Pilot")]
    for body in found:
        if body["kind"] == "ClusterRoleBinding" and account != READER_ACCOUNT:
            body["metadata"]["name"] += f"-{account}"
    return ordered(found)


def _of_chart(chart: str, values: Values, component: str) -> Iterator[Object]:
    namespace = str(at(values, "global", "istioNamespace"))
    for body in objects(load(shipped("charts") / chart), values, Release(RELEASE_NAME, namespace)):
        labels = body["metadata"].get("labels") or {}
        if labels.get("app") == "istio-reader":
            labels[COMPONENT] = component
            yield body


async def _ensure_namespace(client: Client, namespace: str) -> None:
    try:
        await client.create(kinds.NAMESPACE, {"metadata": {"name": namespace}}, writing=_WRITING)
    except ApiError as error:
        if not error.already_exists:
            raise
