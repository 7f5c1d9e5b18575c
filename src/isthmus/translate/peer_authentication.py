"""Which mutual TLS mode applies to a workload's port.

Workload before namespace before mesh, the oldest policy within each; single ports at workload level only (Istio).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from isthmus.api.selector import matches
from isthmus.api.wire import Labels

Mode = Literal["DISABLE", "PERMISSIVE", "STRICT"]


class WorkloadPolicy(msgspec.Struct, frozen=True):
    """A policy for some workloads of a namespace. UNSET falls through to the namespace's mode."""

    selector: Labels
    mode: str = "UNSET"
    ports: Mapping[int, str] = {}


class PeerPolicies(msgspec.Struct, frozen=True):
    """All that applies in one namespace: its mode (the mesh's already taken in) and policies of workloads."""

    mode: Mode = "PERMISSIVE"
    workloads: tuple[WorkloadPolicy, ...] = ()  # oldest first

    def port_mode(self, labels: Labels, port: int) -> Mode:
        """The mode of one container port of a workload with these labels."""
        policy = self._policy(labels)
        if policy is None:
            return self.mode
        return _mode(policy.ports.get(port, "UNSET")) or _mode(policy.mode) or self.mode

    def workload_mode(self, labels: Labels) -> Mode:
        """The mode of ports that no policy names."""
        policy = self._policy(labels)
        return self.mode if policy is None else _mode(policy.mode) or self.mode

    def named_ports(self, labels: Labels) -> Mapping[int, Mode]:
        """The ports that a policy names, with their modes."""
        policy = self._policy(labels)
        return {} if policy is None else {port: self.port_mode(labels, port) for port in sorted(policy.ports)}

    @property
    def for_clients(self) -> PeerPolicies:
        """What clients make of them: to one that speaks mutual TLS it is the same whether that is demanded."""
        workloads = (
            msgspec.structs.replace(one, mode=_relaxed(one.mode), ports={p: _relaxed(m) for p, m in one.ports.items()})
            for one in self.workloads
        )
        return PeerPolicies("DISABLE" if self.mode == "DISABLE" else "PERMISSIVE", tuple(workloads))

    def _policy(self, labels: Labels) -> WorkloadPolicy | None:
        return next((policy for policy in self.workloads if matches(policy.selector, labels)), None)


def _mode(text: str) -> Mode | None:
    match text:
        case "DISABLE" | "PERMISSIVE" | "STRICT":
            return text
    return None


def _relaxed(mode: str) -> str:
    return "PERMISSIVE" if mode == "STRICT" else mode
