"""Asks control planes of other clusters whether they are ready, the way that the API server reaches them.

Knows where the answer is kept: annotations of the injection webhook, which Sail's users read and may tune. Does
not know what follows from it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import NoReturn

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver

from isthmus.install.render import Object
from isthmus.kube import kinds
from isthmus.kube.errors import KubeError
from isthmus.operator.injector import Address, NoAddressError, address_of, injector_of
from isthmus.operator.profiles import is_remote
from isthmus.operator.readiness import PROBE, PROBE_REASON, PROBE_STATUS
from isthmus.operator.shell import Shell

log = structlog.get_logger(__name__)

_TICK = 1.0
_PERIOD = 3.0
_TIMEOUT = 5.0


class Probes:
    """One question at a time per remote revision. `resolver` finds hosts; the system's when it is not given."""

    def __init__(self, shell: Shell, resolver: AbstractResolver | None = None) -> None:
        self._shell = shell
        self._resolver = resolver
        self._due: dict[str, float] = {}

    async def run(self) -> NoReturn:
        """Asks until cancelled."""
        while True:
            remote = [each for each in self._shell.state.revisions.all if is_remote(each.spec.values)]
            injectors = (injector_of(self._shell.state.live(each.metadata.uid)) for each in remote if not each.deleting)
            await asyncio.gather(*(self._look(found) for found in injectors if found is not None))
            await asyncio.sleep(_TICK)

    async def _look(self, injector: Object) -> None:
        name = injector["metadata"]["name"]
        if time.monotonic() < self._due.get(name, 0.0):
            return
        self._due[name] = time.monotonic() + _seconds(injector, "periodSeconds", _PERIOD)
        problem = await self._ask(injector)
        wanted = {PROBE_STATUS: "false" if problem else "true", PROBE_REASON: problem or None}
        if all((injector["metadata"].get("annotations") or {}).get(key) == value for key, value in wanted.items()):
            return
        log.info("remote control plane", webhook=name, ready=not problem, reason=problem)
        try:
            body = {"metadata": {"annotations": wanted}}
            await self._shell.client.merge_patch(kinds.MUTATING_WEBHOOK, name, body)
        except KubeError as error:
            log.warning("answer not kept", webhook=name, error=str(error))

    async def _ask(self, injector: Object) -> str:
        """What keeps the control plane from being ready; empty when it is."""
        try:
            address = address_of(injector)
            return await ask(address, _seconds(injector, "timeoutSeconds", _TIMEOUT), self._resolver)
        except NoAddressError as problem:
            return str(problem)


def _seconds(injector: Object, setting: str, otherwise: float) -> float:
    text = (injector["metadata"].get("annotations") or {}).get(f"{PROBE}.{setting}", "")
    return max(1.0, float(text)) if str(text).isdigit() else otherwise


async def ask(address: Address, seconds: float, resolver: AbstractResolver | None = None) -> str:
    """GET /ready over verified TLS. What went wrong, as a sentence; empty when the answer is 200."""
    url = f"https://{address.host}:{address.port}/ready"
    try:
        trust = ssl.create_default_context(cadata=address.authority)
        connector = aiohttp.TCPConnector(ssl=trust, resolver=resolver, force_close=True)
        limit = aiohttp.ClientTimeout(total=seconds)
        async with aiohttp.ClientSession(connector=connector, timeout=limit) as session, session.get(url) as answer:
            return "" if answer.status == 200 else f"{url} answers {answer.status}"
    except TimeoutError:
        return f"{url} does not answer within {seconds:g} s"
    except (aiohttp.ClientError, ssl.SSLError) as problem:
        return f"{url} cannot be asked: {problem}"
