"""Which DestinationRule applies to a hostname, by client.

Look-up order (Istio): the client's own namespace (rules that select the client's workload first), the service's,
the root namespace; within a namespace the most specific host. Rules of one namespace for one host are merged, the
oldest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from isthmus.api.config import Config
from isthmus.api.destination_rule import DestinationRule, Subset
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.selector import matches
from isthmus.api.wire import Labels
from isthmus.derive.views import Scope
from isthmus.model.service import Service
from isthmus.translate.policy import NO_POLICY, DestinationPolicy

Rule = Config[DestinationRule]
Levels = Mapping[str, list[tuple[Rule, ...]]]  # namespace → rules by host, the most specific host first


class Selected(msgspec.Struct, frozen=True):
    """A variant for some workloads of a namespace."""

    variant: str
    namespace: str
    labels: Labels


class DestinationPolicies(msgspec.Struct, frozen=True):
    """The policies for one hostname.

    Variants: ``""`` for everybody, ``namespace`` where that differs, ``namespace/rule`` for workloads that a rule
    selects.
    """

    hostname: str
    variants: Mapping[str, DestinationPolicy]
    selected: tuple[Selected, ...] = ()

    @property
    def shape_routes(self) -> bool:
        """Whether some policy has settings that routes and TCP filters carry out: hashing and idle time."""
        return any(_shapes_routes(policy) for policy in self.variants.values())

    @property
    def choices(self) -> Mapping[str, Labels]:
        """The variants that not everybody gets, with the labels that they ask for."""
        labels = {one.variant: one.labels for one in self.selected}
        return {variant: labels.get(variant, {}) for variant in self.variants if variant}

    def variant(self, scope: Scope) -> str:
        """Which of the variants a client gets."""
        for one in self.selected:
            if one.namespace == scope.namespace and matches(one.labels, dict(scope.labels)):
                return one.variant
        return scope.namespace if scope.namespace in self.variants else ""


def destination_policies(service: Service, matching: Iterable[Iterable[Rule]], mesh: MeshConfig) -> DestinationPolicies:
    """The policies for a service. ``matching``: rules by host, the most specific host first."""
    ordered = [sorted(rules, key=lambda rule: rule.age_key) for rules in matching]
    selecting = [rule for rules in ordered for rule in rules if _labels(rule)]
    levels = _levels([rule for rule in rules if not _labels(rule)] for rules in ordered)
    clients = {"", *levels, *_named_clients(levels)}
    policies = {client: _policy(client, service, levels, mesh) for client in sorted(clients)}
    variants = {client: one for client, one in policies.items() if client == "" or one != policies[""]}
    chosen = {f"{rule.namespace}/{rule.name}": rule for rule in selecting}
    return DestinationPolicies(
        hostname=service.hostname,
        variants=variants | {variant: _merged([rule]) for variant, rule in chosen.items()},
        selected=tuple(Selected(variant, rule.namespace, _labels(rule)) for variant, rule in chosen.items()),
    )


def _labels(rule: Rule) -> Labels:
    return rule.spec.workload_selector.match_labels if rule.spec.workload_selector else {}


def _levels(ordered: Iterable[list[Rule]]) -> Levels:
    levels: dict[str, list[tuple[Rule, ...]]] = {}
    for rules in ordered:
        for namespace in dict.fromkeys(rule.namespace for rule in rules):
            levels.setdefault(namespace, []).append(tuple(rule for rule in rules if rule.namespace == namespace))
    return levels


def _named_clients(levels: Levels) -> set[str]:
    rules = (rule for of_namespace in levels.values() for of_host in of_namespace for rule in of_host)
    return {name for rule in rules for name in rule.spec.export_to if name not in ("*", ".", "~")}


def _policy(client: str, service: Service, levels: Levels, mesh: MeshConfig) -> DestinationPolicy:
    for namespace in dict.fromkeys((client, service.namespace, mesh.root_namespace)):
        for rules in levels.get(namespace, ()):
            seen = [rule for rule in rules if client == namespace or _exported(rule, client, mesh)]
            if seen:
                return _merged(seen)
    return DestinationPolicy()


def _exported(rule: Rule, client: str, mesh: MeshConfig) -> bool:
    visible = rule.spec.export_to or mesh.default_destination_rule_export_to
    return "*" in visible or (client != "" and client in visible)


def _merged(rules: list[Rule]) -> DestinationPolicy:
    subsets: dict[str, Subset] = {}
    for rule in rules:
        for subset in rule.spec.subsets:
            subsets.setdefault(subset.name, subset)
    first = rules[0]
    return DestinationPolicy(
        source=f"/apis/networking.istio.io/v1/namespaces/{first.namespace}/destination-rule/{first.name}",
        traffic=next((rule.spec.traffic_policy for rule in rules if rule.spec.traffic_policy), NO_POLICY),
        subsets=tuple(subsets.values()),
    )


def _shapes_routes(policy: DestinationPolicy) -> bool:
    parts = [policy.traffic, *(subset.traffic_policy for subset in policy.subsets if subset.traffic_policy)]
    levels = [level for part in parts for level in part.port_level_settings]
    balancers = [*(part.load_balancer for part in parts), *(level.load_balancer for level in levels)]
    pools = [*(part.connection_pool for part in parts), *(level.connection_pool for level in levels)]
    hashed = any(balancer.consistent_hash for balancer in balancers if balancer)
    return hashed or any(pool.tcp and pool.tcp.idle_timeout for pool in pools if pool)
