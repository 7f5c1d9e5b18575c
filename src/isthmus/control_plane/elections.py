"""The elections of the control plane: on which objects they are held, who stands, and who goes before whom.

Names and rules are Istio's (pilot/pkg/leaderelection), so that an election may be shared with its control planes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from isthmus.control_plane.settings import Settings
from isthmus.kube.client import Client
from isthmus.kube.elections import Election, lead
from isthmus.kube.errors import ApiError
from isthmus.kube.kinds import MUTATING_WEBHOOK
from isthmus.kube.locks import CONFIG_MAP_LOCK

DEFAULT_TAG = "istio-revision-tag-default"
_REVISION = "istio.io/rev"
_ELSEWHERE = "^"

Work = Callable[[], Awaitable[None]]


class RevisionPrecedence(msgspec.Struct, frozen=True):
    """The default revision goes before others; of one revision, who runs in the cluster before who runs elsewhere."""

    revision: str
    elsewhere: bool = False

    @property
    def key(self) -> str:
        """The revision, marked if it is another cluster's."""
        return f"{_ELSEWHERE}{self.revision}" if self.elsewhere else self.revision

    async def outranks(self, client: Client, holder_key: str) -> bool:
        """Whether this revision goes before the holder's, as the cluster says."""
        if holder_key.removeprefix(_ELSEWHERE) == self.revision:
            return holder_key.startswith(_ELSEWHERE) and not self.elsewhere
        return await default_revision(client) == self.revision


async def default_revision(client: Client) -> str:
    """The revision that the cluster's tag ``default`` stands for; empty when there is none or none may be seen."""
    try:
        tag = await client.find(MUTATING_WEBHOOK, DEFAULT_TAG)
    except ApiError as error:
        if error.status == 403:  # not every role that control planes elsewhere have allows it
            return ""
        raise
    labels: dict[str, str] = (tag or {}).get("metadata", {}).get("labels") or {}
    return labels.get(_REVISION, "")


class Elections:
    """Lets work be done by one replica only; by every one if elections are switched off."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._revision = settings.revision or "default"

    async def lead_cluster(self, client: Client, name: str, work: Work, *, elsewhere: bool = False) -> None:
        """Runs ``work`` while this is the one of all control planes that works in the client's cluster.

        ``elsewhere``: this process is not of that cluster.
        """
        precedence = RevisionPrecedence(self._revision, elsewhere)
        namespace, identity = self._settings.namespace, self._settings.pod_name
        await self._lead(client, Election(name, namespace, identity, lock=CONFIG_MAP_LOCK, precedence=precedence), work)

    async def lead_revision(self, client: Client, name: str, work: Work) -> None:
        """Runs ``work`` while this is the one replica of its revision that does."""
        election = Election(f"{name}-{self._revision}", self._settings.namespace, self._settings.pod_name)
        await self._lead(client, election, work)

    async def lead_namespace(self, client: Client, name: str, work: Work) -> None:
        """Runs ``work`` while this is the one replica of all revisions in the control plane's namespace that does."""
        await self._lead(client, Election(name, self._settings.namespace, self._settings.pod_name), work)

    async def _lead(self, client: Client, election: Election, work: Work) -> None:
        if self._settings.leader_election:
            await lead(client, election, work)
        else:
            await work()
