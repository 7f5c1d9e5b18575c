"""The order of the main job: what waits for what, and what goes on at the same time.

Knows steps and their dependencies. Each step is a module of its own.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

from isthmus.cli.demo import application, authority, evidence, installation, joining, preparation, traffic
from isthmus.cli.demo.evidence import Certificate
from isthmus.cli.demo.failures import explained
from isthmus.cli.demo.members import SYSTEM, Member, member
from isthmus.cli.demo.summary import Side
from isthmus.lab.addresses import ClusterPlan, Plan
from isthmus.lab.clusters import client
from isthmus.lab.layout import Layout
from isthmus.lab.progress import Progress

REQUESTS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demonstration ends with."""

    sides: tuple[Side, ...]
    root: Certificate


async def play(plan: Plan, files: Layout, progress: Progress) -> Outcome:
    """Makes one mesh of a lab's clusters and asks from each; may be called again at any point.

    Raises DemoError, which names the step, the reason and the cure.
    """
    names = [cluster.cluster.name for cluster in plan.clusters]
    authorities = await asyncio.to_thread(authority.ensure, authorities_directory(files), names)
    async with AsyncExitStack() as stack:
        members = [
            member(cluster, position, await stack.enter_async_context(client(files, cluster.cluster.name)))
            for position, cluster in enumerate(plan.clusters)
        ]
        await _raise(members, authorities, progress)
        sides = [
            await _ask(each, cluster, members, progress) for each, cluster in zip(members, plan.clusters, strict=True)
        ]
    return Outcome(tuple(sides), evidence.describe(authorities[names[0]]["root-cert.pem"]))


def authorities_directory(files: Layout) -> Path:
    """Where a lab keeps the demonstration's certificates and keys."""
    return files.root / "demo"


async def _raise(members: list[Member], authorities: Mapping[str, Mapping[str, bytes]], progress: Progress) -> None:
    """Everything up to the first request. A gateway, the application and the joins wait for control planes only."""
    try:
        async with asyncio.TaskGroup() as tasks:
            planes = {
                each.name: tasks.create_task(_control_plane(each, authorities[each.name], progress)) for each in members
            }
            for each in members:
                tasks.create_task(_gateway(each, planes[each.name], progress))
                tasks.create_task(_application(each, planes[each.name], progress))
            for reader, read in permutations(members, 2):
                tasks.create_task(_join(reader, read, (planes[reader.name], planes[read.name]), progress))
    except ExceptionGroup as problems:
        raise problems.exceptions[0] from problems


async def _control_plane(each: Member, own: Mapping[str, bytes], progress: Progress) -> None:
    task = f"{each.name} control plane"
    cure = f"kubectl --context {each.context} -n {SYSTEM} describe pods; kubectl logs deploy/istiod shows why"
    with explained(task, cure):
        progress.waits(task, "its namespace and authority")
        await preparation.prepare(each, own)
        await installation.control_plane(each, lambda text: progress.waits(task, text))
    progress.done(task)


async def _gateway(each: Member, plane: Awaitable[None], progress: Progress) -> None:
    await plane
    task = f"{each.name} gateway"
    cure = f"kubectl --context {each.context} -n {SYSTEM} describe service,pods -l istio=eastwestgateway"
    with explained(task, cure):
        await installation.gateway(each, lambda text: progress.waits(task, text))
    progress.done(task)


async def _application(each: Member, plane: Awaitable[None], progress: Progress) -> None:
    await plane
    task = f"{each.name} application"
    with explained(task, f"kubectl --context {each.context} -n sample describe replicasets,pods"):
        progress.waits(task, "the API server")
        await application.deploy(each)
        await application.wait(each, lambda text: progress.waits(task, text))
    progress.done(task)


async def _join(reader: Member, read: Member, planes: tuple[Awaitable[None], ...], progress: Progress) -> None:
    await asyncio.gather(*planes)
    task = f"{reader.name} reads {read.name}"
    with explained(task, f"istioctl create-remote-secret --context {read.context} --name {read.name}"):
        progress.waits(task, "a token")
        await joining.join(reader, read)
    progress.done(task)


async def _ask(each: Member, cluster: ClusterPlan, members: list[Member], progress: Progress) -> Side:
    task = f"requests from {each.name}"
    with explained(task, f"kubectl --context {each.context} -n sample logs deploy/sleep -c istio-proxy"):
        progress.waits(task, "answers of both versions")
        pod = await traffic.client_pod(each)
        answers = await traffic.ask_until(each, pod, frozenset(other.version for other in members), REQUESTS)
        side = Side(
            cluster=each.name,
            network=each.network,
            pods=str(cluster.pods),
            api=each.url,
            version=each.version,
            gateway=await installation.gateway_address(each),
            certificate=await evidence.certificate(each, pod),
            answers=answers,
            endpoints=await evidence.endpoints(each, pod),
        )
    progress.done(task)
    return side
