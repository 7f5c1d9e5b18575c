"""Lists and watches Services, and writes the addresses that `assignment` decides into their status.

Knows the API. Nothing else has to be done: the kernel answers for the whole range, and kube-proxy forwards.
"""

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Network

from isthmus.kube import kinds
from isthmus.kube.client import Client, Writing
from isthmus.kube.errors import ApiError, KubeError
from isthmus.kube.events import Event
from isthmus.kube.reflector import Reflector, Source
from isthmus.lab.loadbalancer.assignment import Decision, Service, assign

RETRY_SECONDS = 1.0
MANAGER = "isthmus-lab"


class _Services:
    """All Services as the API server last told; `changed` is set when there is something to look at."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Service] = {}
        self.changed = asyncio.Event()

    def replace(self, objects: Sequence[Service]) -> None:
        self.known = {service.key: service for service in objects}
        self.changed.set()

    def change(self, events: Sequence[Event[Service]]) -> None:
        for event in events:
            if event.type == "DELETED":
                self.known.pop(event.object.key, None)
            else:
                self.known[event.object.key] = event.object
        self.changed.set()


class Controller:
    """Writes addresses for as long as it runs."""

    def __init__(self, client: Client, pool: IPv4Network) -> None:
        self._client = client
        self._pool = pool
        self._services = _Services()
        self._told: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Until cancelled. Faults of the API server are retried."""
        reflector = Reflector(self._client, Source(kinds.SERVICE, Service), self._services)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reflector.run())
            tasks.create_task(self._settle())

    async def _settle(self) -> None:
        while True:
            await self._services.changed.wait()
            self._services.changed.clear()
            try:
                for decision in assign(tuple(self._services.known.values()), self._pool):
                    await self._carry_out(decision)
            except KubeError as problem:
                print(f"cannot write addresses, trying again: {problem}", flush=True)
                await asyncio.sleep(RETRY_SECONDS)
                self._services.changed.set()

    async def _carry_out(self, decision: Decision) -> None:
        if decision.problem:
            await self._tell(decision)
            return
        service = decision.service
        status = {"loadBalancer": {"ingress": [{"ip": decision.address, "ipMode": "VIP"}]}}
        writing = Writing(manager=MANAGER, subresource="status")
        namespace, name = service.key
        try:
            await self._client.merge_patch(
                kinds.SERVICE, name, {"status": status}, namespace=namespace, writing=writing
            )
        except ApiError as error:
            if not error.not_found:
                raise
            return
        print(f"{namespace}/{name}: {decision.address}", flush=True)

    async def _tell(self, decision: Decision) -> None:
        """One Event per Service and reason, where `kubectl describe service` shows it."""
        service = decision.service
        told = (service.metadata.uid, decision.problem)
        if told in self._told:
            return
        self._told.add(told)
        namespace, name = service.key
        reference = {"kind": "Service", "namespace": namespace, "name": name, "uid": service.metadata.uid}
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{name}.", "namespace": namespace},
            "involvedObject": {"apiVersion": "v1", **reference},
            "type": "Warning",
            "reason": "NoAddress",
            "message": decision.problem,
            "source": {"component": MANAGER},
        }
        await self._client.create(kinds.EVENT, event)
