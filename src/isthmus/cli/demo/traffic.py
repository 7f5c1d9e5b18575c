"""Requests from inside the clusters, and what is learnt from the answers.

Knows curl's output and helloworld's sentence. Does not know how the requests travel.
"""

import re
import time
from collections import Counter
from dataclasses import dataclass

from isthmus.cli.demo.failures import DemoError
from isthmus.cli.demo.members import SAMPLE, Member
from isthmus.kube.client import Query
from isthmus.kube.kinds import POD
from isthmus.kube.websocket import run_in_pod

URL = "helloworld.sample:5000/hello"
PATIENCE_SECONDS = 20.0
_PROBE = 4
_ANSWER = re.compile(r"^Hello version: (\S+), instance: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a client heard: answers by (version, instance), and what was no answer."""

    requests: int
    instances: tuple[tuple[str, str, int], ...]
    """Version, pod and number of answers, sorted."""
    errors: tuple[str, ...]

    @property
    def versions(self) -> frozenset[str]:
        """The versions that answered."""
        return frozenset(version for version, _, _ in self.instances)


def parse(output: str, errors: str, requests: int) -> Answers:
    """The answers in the output of `requests` calls of curl."""
    counted = Counter(_ANSWER.findall(output))
    lines = [line for line in (*_ANSWER.sub("", output).splitlines(), *errors.splitlines()) if line.strip()]
    instances = sorted((version, pod, count) for (version, pod), count in counted.items())
    return Answers(requests, tuple(instances), tuple(dict.fromkeys(lines)))


async def client_pod(member: Member) -> str:
    """The name of the running client pod; DemoError where there is none."""
    pods = await member.api.list(POD, Query(SAMPLE, labels="app=sleep"))
    for pod in pods.items:
        if pod.get("status", {}).get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]:
            return str(pod["metadata"]["name"])
    raise DemoError(
        f"requests from {member.name}",
        "no pod with app=sleep runs in namespace sample",
        f"kubectl --context {member.context} -n {SAMPLE} describe pods -l app=sleep",
    )


async def ask(member: Member, pod: str, requests: int) -> Answers:
    """Calls helloworld from the client pod, one request after the other."""
    loop = f"for i in $(seq {requests}); do curl -sS --max-time 3 {URL}; done"
    done = await run_in_pod(member.api, SAMPLE, pod, "sleep", ("sh", "-c", loop))
    return parse(done.stdout.decode(), done.stderr.decode(), requests)


async def ask_until(member: Member, pod: str, versions: frozenset[str], requests: int) -> Answers:
    """Asks until all of `versions` have answered, then `requests` times; DemoError when they do not in time.

    Each request goes to any version: of a thousand times ten, two or so are answered by one alone. Then it asks again.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not versions <= (heard := await ask(member, pod, _PROBE)).versions:
        if time.monotonic() > deadline:
            raise _unheard(member, versions - heard.versions, heard)
    while not versions <= (heard := await ask(member, pod, requests)).versions and not heard.errors:
        if time.monotonic() > deadline:
            raise _unheard(member, versions - heard.versions, heard)
    return heard


def _unheard(member: Member, missing: frozenset[str], heard: Answers) -> DemoError:
    instead = "; ".join((*(f"{pod} answers" for _, pod, _ in heard.instances), *heard.errors)) or "nothing was heard"
    return DemoError(
        f"requests from {member.name}",
        f"{', '.join(sorted(missing))} did not answer within {PATIENCE_SECONDS:.0f} s ({instead})",
        f"istioctl --context {member.context} remote-clusters; istioctl --context {member.context} proxy-config "
        f"endpoints deploy/sleep -n {SAMPLE} --cluster 'outbound|5000||helloworld.sample.svc.cluster.local'",
    )
