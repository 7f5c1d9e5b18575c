"""Whether the pod's proxy may receive traffic.

Knows: what Envoy's admin interface says about its state and its configuration. Does not know HTTP servers.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from isthmus.agent.envoy import Admin
from isthmus.process.http_messages import HttpError

PATH = "/healthz/ready"
"""Where readiness is asked for, at the agent's port and at Envoy's status port."""
_UPDATES = {
    "clusters": "cluster_manager.cds.update_success",
    "listeners": "listener_manager.lds.update_success",
}
_STATS = "/stats?filter=%5E(cluster_manager.cds%7Clistener_manager.lds)%5C.update_(success%7Crejected)%24"


class Readiness:
    """Ready once Envoy is live with accepted configuration, until it drains, stops or is no longer live."""

    def __init__(self, admin: Admin, draining: Callable[[], bool]) -> None:
        self._admin = admin
        self._draining = draining
        self._configured = False

    async def obstacle(self) -> str:
        """What stands in the way of traffic; empty when the proxy is ready."""
        if self._draining():
            return "the proxy is draining"
        try:
            return await self._envoy()
        except (OSError, TimeoutError, HttpError) as error:
            return f"Envoy's admin port does not answer: {error or type(error).__name__}"

    async def _envoy(self) -> str:
        # What was accepted stays accepted, so it is asked for once; liveness may change at any time.
        if not self._configured:
            missing = missing_configuration((await self._admin.get(_STATS)).body.decode())
            if missing:
                return missing
            self._configured = True
        answer = await self._admin.get("/ready")
        if answer.status != HTTPStatus.OK:
            return f"Envoy is {answer.body.decode(errors='replace').strip() or answer.status}"
        return ""


def missing_configuration(stats: str) -> str:
    """Which kinds of configuration Envoy has not accepted yet, from its text statistics; empty for none."""
    values = dict(line.split(": ", 1) for line in stats.splitlines() if ": " in line)
    missing = [kind for kind, name in _UPDATES.items() if values.get(name, "0") == "0"]
    if not missing:
        return ""
    refused = any(value != "0" for name, value in values.items() if name.endswith("update_rejected"))
    reason = "refused by Envoy (see its log)" if refused else "not received from the control plane"
    return f"no configuration yet: {' and '.join(missing)} {reason}"
