"""Reviews by the API servers of the mesh's clusters: whether a service account may list its namespace's Secrets.

Knows which cluster's server has to be asked, and how. Does not know who asks, nor how long an answer holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError, MalformedError, UnreachableError
from isthmus.kube.kinds import SUBJECT_ACCESS_REVIEW

SECONDS = 10.0
"""How long an API server may take to answer."""


class Account(msgspec.Struct, frozen=True, order=True):
    """A service account of one cluster."""

    cluster: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class _Status(msgspec.Struct, frozen=True):
    allowed: bool = False


class _Review(msgspec.Struct, frozen=True):
    status: _Status = _Status()


class AccessReviewer:
    """``client_of`` gives the client of a cluster, None for an unknown one."""

    def __init__(self, client_of: Callable[[str], Client | None]) -> None:
        self._client_of = client_of

    async def may_list_secrets(self, account: Account) -> bool:
        """What the account's cluster says; ``KubeError`` when it cannot be asked or does not answer."""
        client = self._client_of(account.cluster)
        if client is None:
            raise KubeError(f"cluster {account.cluster!r} is not known here")
        attributes = {"namespace": account.namespace, "verb": "list", "resource": "secrets"}
        user = f"system:serviceaccount:{account.namespace}:{account.name}"
        body = {
            "apiVersion": SUBJECT_ACCESS_REVIEW.api_version,
            "kind": SUBJECT_ACCESS_REVIEW.kind,
            "spec": {"user": user, "groups": _groups(account), "resourceAttributes": attributes},
        }
        try:
            async with asyncio.timeout(SECONDS):
                answer = await client.create(SUBJECT_ACCESS_REVIEW, body)
            return msgspec.convert(answer, _Review).status.allowed
        except TimeoutError:
            raise UnreachableError(f"{client.access.server} did not answer in {SECONDS:g} seconds") from None
        except msgspec.ValidationError as error:
            raise MalformedError(f"{client.access.server} gave an odd SubjectAccessReview: {error}") from None


def _groups(account: Account) -> list[str]:
    """The groups that Kubernetes puts every service account into: roles may be bound to them.

    Istio asks for the name alone, and so refuses accounts that may list Secrets by their group.
    """
    common = "system:serviceaccounts"
    return [common, f"{common}:{account.namespace}", "system:authenticated"]
