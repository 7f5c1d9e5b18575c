"""The mesh in one cluster: what `istioctl install` does with a guide's two files, by the same functions.

Knows the settings of a primary in a mesh of several networks. Does not know charts.
"""

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from isthmus.cli.demo.members import GATEWAY, MESH, SYSTEM, Member
from isthmus.cli.demo.preparation import WRITING
from isthmus.install.apply import install
from isthmus.install.merge_order import Request
from isthmus.install.operator_file import parse
from isthmus.install.plan import Plan, plan
from isthmus.kube import kinds
from isthmus.kube.client import Object, Query
from isthmus.kube.wait import Objects, wait_until
from isthmus.lab.report import Report
from isthmus.shipped import shipped

READY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class _Progress:
    """What the installer waits for, as lines of a report."""

    report: Report

    def waiting(self, text: str) -> None:
        self.report(text)

    def finished(self, text: str) -> None:
        """The report is about what is under way; the caller says when all is over."""

    def warn(self, text: str) -> None:
        self.report(f"warning: {text}")


async def control_plane(member: Member, report: Report) -> None:
    """Installs a control plane that knows its mesh, its cluster and its network; returns when it is ready."""
    await _install(member, lambda: _operator(_primary(member)), report)


async def gateway(member: Member, report: Report) -> None:
    """Installs the east-west gateway and exposes all services through it; returns when it has an address."""
    await _install(member, lambda: _generated(member), report)
    exposure = next(yaml.safe_load_all((shipped("samples") / "multicluster/expose-services.yaml").read_text()))
    exposure["metadata"]["namespace"] = SYSTEM
    kind = await member.api.kind_of(exposure["apiVersion"], exposure["kind"])
    await member.api.apply(kind, exposure, writing=WRITING)
    query = Query(SYSTEM, fields=f"metadata.name={GATEWAY}")
    await wait_until(member.api, kinds.SERVICE, query, _lacks_address, seconds=READY_SECONDS, progress=report)


async def gateway_address(member: Member) -> str:
    """The address under which other networks reach the gateway."""
    return _address(await member.api.get(kinds.SERVICE, GATEWAY, namespace=SYSTEM))


async def _install(member: Member, operator: Callable[[], str], report: Report) -> None:
    report("the charts")
    rendered = await asyncio.to_thread(_plan, operator)
    await install(member.api, rendered, READY_SECONDS, _Progress(report))


def _plan(operator: Callable[[], str]) -> Plan:
    return plan(Request(shipped("charts"), files=(parse(operator(), "the demonstration"),)))


def _primary(member: Member) -> dict[str, Any]:
    cluster = {"meshID": MESH, "multiCluster": {"clusterName": member.name}, "network": member.network}
    return {"profile": "minimal", "values": {"global": cluster}}


def _operator(spec: dict[str, Any]) -> str:
    return yaml.safe_dump({"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator", "spec": spec})


def _generated(member: Member) -> str:
    script = shipped("samples") / "multicluster/gen-eastwest-gateway.sh"
    words = ("bash", str(script), "--mesh", MESH, "--cluster", member.name, "--network", member.network)
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def _lacks_address(services: Objects) -> str:
    found = services.get((SYSTEM, GATEWAY))
    return "" if found and _address(found) else f"an address for Service {SYSTEM}/{GATEWAY}"


def _address(service: Object) -> str:
    for ingress in service.get("status", {}).get("loadBalancer", {}).get("ingress", ()):
        if address := ingress.get("ip") or ingress.get("hostname"):
            return str(address)
    return ""
