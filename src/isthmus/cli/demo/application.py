"""The sample application: the project's own files, applied as a user applies them.

Knows which parts of `samples/` each cluster gets. The files say the rest.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from isthmus.cli.demo.members import SAMPLE, Member
from isthmus.cli.demo.preparation import WRITING
from isthmus.kube import kinds
from isthmus.kube.wait import wait_ready
from isthmus.lab.report import Report
from isthmus.shipped import shipped

READY_SECONDS = 90.0


def objects(version: str) -> tuple[dict[str, Any], ...]:
    """helloworld's service and its deployment of this version, and the client."""
    return (*_chosen("helloworld/helloworld.yaml", version), *_read("sleep/sleep.yaml"))


def _chosen(file: str, version: str) -> Iterator[dict[str, Any]]:
    for body in _read(file):
        labels = body["metadata"].get("labels", {})
        if labels.get("version", version) == version:
            yield body


def _read(file: str) -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load_all((shipped("samples") / file).read_text()))


async def deploy(member: Member) -> None:
    """Makes the namespace `sample`, which asks for sidecars, and the application in it."""
    labels = {"istio-injection": "enabled"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SAMPLE, "labels": labels}}
    await member.api.apply(kinds.NAMESPACE, namespace, writing=WRITING)
    for body in objects(member.version):
        kind = await member.api.kind_of(body["apiVersion"], body["kind"])
        body["metadata"]["namespace"] = SAMPLE
        await member.api.apply(kind, body, writing=WRITING)


async def wait(member: Member, report: Report) -> None:
    """Waits until the application is ready; WaitTimeoutError says what is lacking."""
    for name in (f"helloworld-{member.version}", "sleep"):
        await wait_ready(
            member.api,
            kinds.DEPLOYMENT,
            name,
            namespace=SAMPLE,
            seconds=READY_SECONDS,
            progress=report,
        )
