"""Makes the `IstioCNI` resource true: the node agent.

Knows one pass over one resource. What the agent does on a node is its own.
"""

from __future__ import annotations

from isthmus.install.manifests import Identity
from isthmus.kube.timestamps import format_time
from isthmus.operator import conditions, readiness
from isthmus.operator.conditions import Finding
from isthmus.operator.desired import Desired, RevisionSource, of_agent
from isthmus.operator.kinds import ISTIO_CNI
from isthmus.operator.profiles import with_profiles
from isthmus.operator.resources.resource import IstioCni
from isthmus.operator.resources.status import Status
from isthmus.operator.shell import RETRY, Outcome, Shell, installed, make_true, take_away
from isthmus.operator.writing import hold, let_go, write_status

_DAEMON_SET = "istio-cni-node"
_GONE = 0.5


async def reconcile(shell: Shell, name: str) -> float | None:
    """One pass; gives the seconds after which to look again."""
    agent = shell.state.agents.get(name)
    if agent is None:
        return None
    if agent.deleting:
        if not await take_away(shell, agent.metadata):
            return _GONE
        await let_go(shell.client, ISTIO_CNI, agent.metadata)
        return None
    await hold(shell.client, ISTIO_CNI, agent.metadata)

    def render() -> Desired:
        values = with_profiles(agent.spec.values, shell.default_profile, agent.spec.profile or "")
        return of_agent(RevisionSource(agent.name, agent.spec.namespace, values, shell.images))

    outcome = await make_true(shell, ISTIO_CNI, agent.metadata, agent.spec.namespace, render)
    await write_status(shell.client, ISTIO_CNI, agent, _status(shell, agent, outcome))
    return RETRY if outcome.finding.reason else None


def _status(shell: Shell, agent: IstioCni, outcome: Outcome) -> Status:
    former = agent.status or Status()
    daemon_set = outcome.live.get(Identity("DaemonSet", agent.spec.namespace, _DAEMON_SET))
    reconciled = outcome.finding if outcome.finding.reason else Finding("", installed(agent.spec.version, ()))
    wanted = [
        conditions.healthy(conditions.RECONCILED, reconciled),
        conditions.healthy(conditions.READY, readiness.of_daemon_set(daemon_set, _DAEMON_SET)),
    ]
    found = conditions.settled(former.conditions, wanted, format_time(shell.now()))
    return Status(observed_generation=agent.metadata.generation, conditions=found, state=conditions.state(found))
