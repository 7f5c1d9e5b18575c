"""Which policies apply: DestinationRules by client namespace and host, PeerAuthentications by namespace.

Look-up order of DestinationRules (Istio): the client's own namespace, the service's, the root namespace; within
a namespace the most specific host. Rules of one namespace for one host are merged, the oldest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from isthmus.api.config import Config
from isthmus.api.destination_rule import DestinationRule, Subset
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.peer_authentication import PeerAuthentication
from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.domain import ConfigKey, Domain
from isthmus.derive.host_names import names_of, written
from isthmus.derive.mesh import mesh_config
from isthmus.derive.usable import Usable
from isthmus.derive.views import Scope
from isthmus.model.service import Service
from isthmus.translate.peer_authentication import Mode, PeerPolicies, WorkloadPolicy
from isthmus.translate.policy import NO_POLICY, DestinationPolicy


class DestinationPolicies(msgspec.Struct, frozen=True):
    """The policies for one hostname: the one for everybody, and those of namespaces that see another."""

    hostname: str
    variants: Mapping[str, DestinationPolicy]  # by client namespace; "" for all others

    @property
    def shape_routes(self) -> bool:
        """Whether some policy has settings that routes and TCP filters carry out: hashing and idle time."""
        return any(_shapes_routes(policy) for policy in self.variants.values())

    def variant(self, scope: Scope) -> str:
        """Which of the variants a client gets."""
        return scope.namespace if scope.namespace in self.variants else ""


class Policies(msgspec.Struct, frozen=True):
    """Declared collections and indexes of policies."""

    domain: Domain
    destinations: Collection[str, DestinationPolicies]  # by hostname
    peers: Index[str, ConfigKey, Config[PeerAuthentication]]  # by namespace

    def peer_policies(self, ctx: Context, namespace: str) -> PeerPolicies:
        """What PeerAuthentication says in a namespace."""
        mesh = mesh_config(ctx, self.domain)
        root = ctx.select(self.peers, mesh.root_namespace)
        return peer_policies(ctx.select(self.peers, namespace), root, root_namespace=namespace == mesh.root_namespace)


def declare(graph: Graph, domain: Domain, usable: Usable) -> Policies:
    """Declares the policies of every hostname."""
    by_host = usable.destination_rules.index("host", lambda rule: (written(rule.spec.host, rule.namespace),))

    def derivation(ctx: Context, hostname: str, service: Service) -> Mapping[str, DestinationPolicies]:
        mesh = mesh_config(ctx, domain)
        matching = [rules for host in names_of(service) if (rules := ctx.select(by_host, host))]
        return {hostname: DestinationPolicies(hostname, _variants(service, matching, mesh))}

    destinations = graph.derive("destination policies", domain.services, derivation)
    peers = domain.peer_authentications.index("namespace", lambda policy: (policy.namespace,))
    return Policies(domain, destinations, peers)


def peer_policies(
    own: Iterable[Config[PeerAuthentication]], root: Iterable[Config[PeerAuthentication]], *, root_namespace: bool
) -> PeerPolicies:
    """The modes of one namespace from its own policies and the root namespace's."""
    ordered = sorted(own, key=lambda policy: policy.age_key)
    mesh_wide = _general(sorted(root, key=lambda policy: policy.age_key))
    namespace = None if root_namespace else _general(ordered)
    workloads = (
        WorkloadPolicy(
            selector=policy.spec.selector.match_labels,
            mode=policy.spec.mtls.mode if policy.spec.mtls else "UNSET",
            ports={port: mtls.mode for port, mtls in policy.spec.port_level_mtls.items()},
        )
        for policy in ordered
        if policy.spec.selector and policy.spec.selector.match_labels
    )
    return PeerPolicies(namespace or mesh_wide or "PERMISSIVE", tuple(workloads))


def _general(policies: Iterable[Config[PeerAuthentication]]) -> Mode | None:
    for policy in policies:
        if not (policy.spec.selector and policy.spec.selector.match_labels):
            mode = policy.spec.mtls.mode if policy.spec.mtls else "UNSET"
            return None if mode == "UNSET" else mode
    return None


def _shapes_routes(policy: DestinationPolicy) -> bool:
    parts = [policy.traffic, *(subset.traffic_policy for subset in policy.subsets if subset.traffic_policy)]
    levels = [level for part in parts for level in part.port_level_settings]
    balancers = [*(part.load_balancer for part in parts), *(level.load_balancer for level in levels)]
    pools = [*(part.connection_pool for part in parts), *(level.connection_pool for level in levels)]
    hashed = any(balancer.consistent_hash for balancer in balancers if balancer)
    return hashed or any(pool.tcp and pool.tcp.idle_timeout for pool in pools if pool)


def _variants(
    service: Service, matching: Iterable[Iterable[Config[DestinationRule]]], mesh: MeshConfig
) -> dict[str, DestinationPolicy]:
    """Policies by client namespace. ``matching``: rules by host, the most specific host first."""
    by_namespace: dict[str, list[tuple[Config[DestinationRule], ...]]] = {}
    for rules in matching:
        ordered = sorted(rules, key=lambda rule: rule.age_key)
        for namespace in dict.fromkeys(rule.namespace for rule in ordered):
            found = tuple(rule for rule in ordered if rule.namespace == namespace)
            by_namespace.setdefault(namespace, []).append(found)
    clients = {"", *by_namespace, *_named_clients(by_namespace)}
    policies = {client: _policy(client, service, by_namespace, mesh) for client in sorted(clients)}
    general = policies[""]
    return {client: policy for client, policy in policies.items() if client == "" or policy != general}


def _named_clients(by_namespace: Mapping[str, list[tuple[Config[DestinationRule], ...]]]) -> set[str]:
    return {
        name
        for levels in by_namespace.values()
        for rules in levels
        for rule in rules
        for name in rule.spec.export_to
        if name not in ("*", ".", "~")
    }


def _policy(
    client: str,
    service: Service,
    by_namespace: Mapping[str, list[tuple[Config[DestinationRule], ...]]],
    mesh: MeshConfig,
) -> DestinationPolicy:
    for namespace in dict.fromkeys((client, service.namespace, mesh.root_namespace)):
        for rules in by_namespace.get(namespace, ()):
            seen = [rule for rule in rules if client == namespace or _exported(rule, client, mesh)]
            if seen:
                return _merged(seen)
    return DestinationPolicy()


def _exported(rule: Config[DestinationRule], client: str, mesh: MeshConfig) -> bool:
    visible = rule.spec.export_to or mesh.default_destination_rule_export_to
    return "*" in visible or (client != "" and client in visible)


def _merged(rules: list[Config[DestinationRule]]) -> DestinationPolicy:
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
