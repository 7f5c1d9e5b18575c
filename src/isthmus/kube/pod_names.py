"""Pods as users name them: ``NAME``, ``NAME.NAMESPACE``, ``deploy/NAME``, ``deploy/NAME.NAMESPACE``.

Knows how a workload leads to its pods. Does not know what is done with the pod.
"""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.kube.client import Client, Query
from isthmus.kube.errors import ApiError, KubeError
from isthmus.kube.kinds import DAEMON_SET, DEPLOYMENT, POD, REPLICA_SET, SERVICE, STATEFUL_SET, Kind
from isthmus.kube.readiness import missing

_WORKLOADS = {
    "deployment": DEPLOYMENT,
    "deployments": DEPLOYMENT,
    "deploy": DEPLOYMENT,
    "daemonset": DAEMON_SET,
    "daemonsets": DAEMON_SET,
    "ds": DAEMON_SET,
    "statefulset": STATEFUL_SET,
    "statefulsets": STATEFUL_SET,
    "sts": STATEFUL_SET,
    "replicaset": REPLICA_SET,
    "replicasets": REPLICA_SET,
    "rs": REPLICA_SET,
    "service": SERVICE,
    "services": SERVICE,
    "svc": SERVICE,
}
_PODS = frozenset({"", "pod", "pods", "po"})


class PodName(msgspec.Struct, frozen=True):
    """A pod that exists."""

    namespace: str
    name: str


class Reference(msgspec.Struct, frozen=True):
    """What a user wrote, taken apart: a kind (empty for a pod), a name, a namespace."""

    kind: str
    name: str
    namespace: str


def parse_reference(text: str, namespace: str) -> Reference:
    """``[KIND/]NAME[.NAMESPACE]``; ``KubeError`` when the kind is unknown or the name is empty.

    ``namespace`` is used when the text names none.
    """
    kind, slash, rest = text.partition("/")
    if not slash:
        kind, rest = "", text
    if kind not in _PODS and kind not in _WORKLOADS:
        raise KubeError(f"{text!r}: {kind!r} is no kind of workload: write deploy/NAME, ds/NAME, sts/NAME or a pod")
    name, dot, named = rest.rpartition(".")
    if not dot:
        name, named = rest, ""
    if not name:
        raise KubeError(f"{text!r} names no pod: write NAME.NAMESPACE or deploy/NAME.NAMESPACE")
    return Reference("" if kind in _PODS else kind, name, named or namespace)


async def find_pod(client: Client, text: str, namespace: str) -> PodName:
    """The pod that a user means; of a workload, the first by name that is ready, else the first running.

    ``KubeError`` names what does not exist.
    """
    reference = parse_reference(text, namespace)
    if not reference.kind:
        await _existing(client, POD, reference)
        return PodName(reference.namespace, reference.name)
    workload = await _existing(client, _WORKLOADS[reference.kind], reference)
    query = Query(reference.namespace, labels=selector_of(workload), fields="status.phase=Running")
    pods = (await client.list(POD, query)).items
    if not pods:
        raise KubeError(f"{reference.kind} {reference.namespace}/{reference.name} has no running pod")
    best = min(pods, key=lambda pod: (bool(missing({"kind": "Pod"} | pod)), pod["metadata"]["name"]))
    return PodName(reference.namespace, str(best["metadata"]["name"]))


def selector_of(workload: dict[str, Any]) -> str:
    """The label selector of a workload or Service, in kubectl's syntax."""
    selector = workload.get("spec", {}).get("selector") or {}
    labels = (
        selector.get("matchLabels", {}) if "matchLabels" in selector or "matchExpressions" in selector else selector
    )
    terms = [f"{key}={value}" for key, value in labels.items()]
    for expression in selector.get("matchExpressions") or ():
        terms.append(_expression(expression))
    return ",".join(terms)


def _expression(expression: dict[str, Any]) -> str:
    key, values = expression["key"], ",".join(expression.get("values") or ())
    forms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key, "DoesNotExist": f"!{key}"}
    return str(forms[expression["operator"]])


async def _existing(client: Client, kind: Kind, reference: Reference) -> dict[str, Any]:
    try:
        return await client.get(kind, reference.name, namespace=reference.namespace)
    except ApiError as error:
        if error.not_found:
            raise KubeError(
                f"{kind.kind} {reference.name} does not exist in namespace {reference.namespace} "
                "(write NAME.NAMESPACE or use -n)"
            ) from None
        raise
