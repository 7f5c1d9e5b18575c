"""Which connected gateways may have the Secrets of their namespace, as their clusters' API servers say.

Answers hold as long as Istio's do (pilot/pkg/credentials/kube/secrets.go): five minutes when the account may, at most
one when it may not; then they are asked for again, and what turned is told. When a server cannot be asked, callers
that come now get nothing, and those that were told something keep it: the environment's fault takes nothing away.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn

import msgspec
import structlog

from isthmus.control_plane.access_review import Account
from isthmus.kube.backoff import Backoff
from isthmus.kube.errors import KubeError
from isthmus.model.proxy import SecretAccess

log = structlog.get_logger(__name__)

Ask = Callable[[Account], Awaitable[bool]]
Tell = Callable[[Mapping[str, SecretAccess]], object]


class Holding(msgspec.Struct, frozen=True):
    """Seconds after which an account is asked about again: when it may, and from first to last when it may not."""

    allowed: float = 300.0
    first: float = 1.0
    longest: float = 60.0


class _Standing:
    """What is known of one account. ``answer`` is None while nothing holds."""

    def __init__(self) -> None:
        self.answer: bool | None = None
        self.last: bool | None = None
        self.error = ""


class SecretReviews:
    """``ask`` raises ``KubeError`` when nobody answers; ``tell`` takes answers by connection."""

    def __init__(self, ask: Ask, tell: Tell, holding: Holding | None = None) -> None:
        self._ask = ask
        self._tell = tell
        self._holding = holding or Holding()
        self._wanted: dict[str, Account] = {}  # by connection
        self._standings: dict[Account, _Standing] = {}
        self._new: set[str] = set()
        self._called = asyncio.Event()

    def want(self, connection: str, account: Account) -> None:
        """The connection's proxy asks for Secrets under this account. Returns at once; the answer is told."""
        if self._wanted.get(connection) != account:
            self._wanted[connection] = account
            self._new.add(connection)
            self._called.set()

    def leave(self, connection: str) -> None:
        """The connection ended."""
        self._wanted.pop(connection, None)
        self._new.discard(connection)

    async def run(self) -> NoReturn:
        """Asks and tells until cancelled."""
        self._standings.clear()
        self._new.update(self._wanted)
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._called.clear()
                new, self._new = self._new, set()
                for account in {self._wanted[connection] for connection in new} - self._standings.keys():
                    self._standings[account] = _Standing()
                    tasks.create_task(self._follow(account, self._standings[account]), name=f"secrets {account}")
                self._tell_known(new)
                await self._called.wait()

    def page(self) -> list[dict[str, Any]]:
        """The debug page: every account of a connected gateway that asks for Secrets, and what is known of it."""
        return [
            {
                "cluster": account.cluster,
                "namespace": account.namespace,
                "serviceAccount": account.name,
                "allowed": standing.last,
                "error": standing.error,
                "proxies": sorted(self._callers(account)),
            }
            for account, standing in sorted(self._standings.items())
        ]

    def _callers(self, account: Account) -> set[str]:
        return {connection for connection, wanted in self._wanted.items() if wanted == account}

    def _tell_known(self, connections: set[str]) -> None:
        told = {
            connection: SecretAccess(account.cluster, account.name, answer)
            for connection in connections
            if (account := self._wanted.get(connection)) is not None
            and (answer := self._standings[account].answer) is not None
        }
        if told:
            self._tell(told)

    async def _follow(self, account: Account, standing: _Standing) -> None:
        pause = Backoff(random.random, first=self._holding.first, longest=self._holding.longest)
        while self._callers(account):
            await self._review(account, standing)
            if standing.answer:
                pause.reset()
            self._tell_known(self._callers(account))
            await asyncio.sleep(self._holding.allowed if standing.answer else pause.next())
        del self._standings[account]

    async def _review(self, account: Account, standing: _Standing) -> None:
        standing.answer = None
        try:
            standing.answer = await self._ask(account)
        except KubeError as error:
            if str(error) != standing.error:
                log.warning(
                    "whether gateways may have Secrets is not known: new ones get none, others keep theirs",
                    account=str(account),
                    cluster=account.cluster,
                    error=str(error),
                )
            standing.error = str(error)
            return
        if standing.answer != standing.last:
            _report(account, allowed=standing.answer)
        standing.last, standing.error = standing.answer, ""


def _report(account: Account, *, allowed: bool) -> None:
    if allowed:
        log.info("gateways may have Secrets", account=str(account), cluster=account.cluster)
        return
    log.warning(
        "gateways get no Secrets: their service account may not list them",
        account=str(account),
        cluster=account.cluster,
        cure=f"a Role in namespace {account.namespace} with get, watch and list of secrets, bound to the account",
    )
