"""Declared policies: DestinationRules by hostname, PeerAuthentications and AuthorizationPolicies by namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from isthmus.api.authorization_policy import AuthorizationPolicy
from isthmus.api.config import Config
from isthmus.api.peer_authentication import PeerAuthentication
from isthmus.api.wire import Labels
from isthmus.collections import Collection, Context, Graph, Index
from isthmus.derive.destination_policies import DestinationPolicies, destination_policies
from isthmus.derive.domain import ConfigKey, Domain
from isthmus.derive.host_names import names_of, written
from isthmus.derive.mesh import mesh_config
from isthmus.derive.usable import Usable
from isthmus.model.service import Service
from isthmus.translate.authorization.filters import Authorization, Compiled, authorization, compiled
from isthmus.translate.peer_authentication import Mode, PeerPolicies, WorkloadPolicy


class Policies(msgspec.Struct, frozen=True):
    """Declared collections and indexes of policies."""

    domain: Domain
    destinations: Collection[str, DestinationPolicies]  # by hostname
    peers: Index[str, ConfigKey, Config[PeerAuthentication]]  # by namespace
    of_clients: Collection[str, PeerPolicies]  # by namespace of services
    authorizations: Index[str, ConfigKey, Compiled]  # by namespace

    def peer_policies(self, ctx: Context, namespace: str) -> PeerPolicies:
        """What PeerAuthentication says in a namespace."""
        return _peer_policies(ctx, self.domain, self.peers, namespace)

    def clients_peer_policies(self, ctx: Context, service: Service) -> PeerPolicies:
        """What it says to clients of a service: less, so that a change of what servers demand concerns no client."""
        return ctx.get(self.of_clients, service.namespace) or PeerPolicies()

    def authorization(self, ctx: Context, namespace: str, labels: Labels) -> Authorization:
        """What AuthorizationPolicy says of who may call a workload."""
        root = mesh_config(ctx, self.domain).root_namespace
        found = [one for each in {namespace, root} for one in ctx.select(self.authorizations, each)]
        return authorization(one for one in found if one.applies(namespace, labels, root))


def declare(graph: Graph, domain: Domain, usable: Usable) -> Policies:
    """Declares the policies of every hostname."""
    by_host = usable.destination_rules.index("host", lambda rule: (written(rule.spec.host, rule.namespace),))

    def derivation(ctx: Context, hostname: str, service: Service) -> Mapping[str, DestinationPolicies]:
        mesh = mesh_config(ctx, domain)
        matching = [rules for host in names_of(service) if (rules := ctx.select(by_host, host))]
        return {hostname: destination_policies(service, matching, mesh)}

    destinations = graph.derive("destination policies", domain.services, derivation)
    peers = domain.peer_authentications.index("peer namespace", lambda policy: (policy.namespace,))
    of_clients = graph.distinct(
        "peer policies of clients",
        domain.services.index("policy namespace", lambda service: (service.namespace,)),
        lambda ctx, namespace: {namespace: _peer_policies(ctx, domain, peers, namespace).for_clients},
    )
    return Policies(domain, destinations, peers, of_clients, _authorizations(graph, domain))


def _peer_policies(
    ctx: Context, domain: Domain, peers: Index[str, ConfigKey, Config[PeerAuthentication]], namespace: str
) -> PeerPolicies:
    mesh = mesh_config(ctx, domain)
    root = ctx.select(peers, mesh.root_namespace)
    return peer_policies(ctx.select(peers, namespace), root, root_namespace=namespace == mesh.root_namespace)


def _authorizations(graph: Graph, domain: Domain) -> Index[str, ConfigKey, Compiled]:
    def derivation(ctx: Context, key: ConfigKey, policy: Config[AuthorizationPolicy]) -> Mapping[ConfigKey, Compiled]:
        found = compiled(policy, mesh_config(ctx, domain).trust_domains)
        return {key: found} if found else {}

    rows = graph.derive("authorizations", domain.authorization_policies, derivation)
    return rows.index("authorization namespace", lambda row: (row.namespace,))


def peer_policies(
    own: Iterable[Config[PeerAuthentication]], root: Iterable[Config[PeerAuthentication]], *, root_namespace: bool
) -> PeerPolicies:
    """The modes of one namespace from its own policies and the root namespace's; the oldest of each level wins."""
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
