"""Which labels of proxies make a difference to any policy; all others are left out of views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from isthmus.api.config import Config
from isthmus.api.destination_rule import DestinationRule, TrafficPolicy
from isthmus.api.load_balancing import LocalityLbSetting
from isthmus.api.mesh_config import MeshConfig
from isthmus.api.virtual_service import VirtualService
from isthmus.collections import Collection, Context, Graph
from isthmus.derive.domain import ConfigKey, Domain
from isthmus.derive.usable import Usable
from isthmus.translate.locality import DISTRIBUTION_LABELS, priority_labels


class RelevantLabels(msgspec.Struct, frozen=True):
    """Names of labels that balancing (``placing``), and routes and rules (``routing``) compare."""

    placing: frozenset[str] = DISTRIBUTION_LABELS
    routing: frozenset[str] = frozenset()


def declare(graph: Graph, domain: Domain, usable: Usable) -> Collection[str, RelevantLabels]:
    """Declares the one row, key ``""``."""
    of_rules = graph.derive("labels of rules", usable.destination_rules, _of_rule).index("all", lambda _: ("",))
    of_routes = graph.derive("labels of routes", usable.virtual_services, _of_routes).index("all", lambda _: ("",))

    def derivation(ctx: Context, key: str, mesh: MeshConfig) -> Mapping[str, RelevantLabels]:
        base = RelevantLabels(DISTRIBUTION_LABELS | priority_labels(mesh.locality_lb_setting))
        found = (base, *ctx.select(of_rules, ""), *ctx.select(of_routes, ""))
        return {
            key: RelevantLabels(
                placing=frozenset().union(*(one.placing for one in found)),
                routing=frozenset().union(*(one.routing for one in found)),
            )
        }

    return graph.derive("relevant labels", domain.mesh, derivation)


def _of_rule(_: Context, key: ConfigKey, rule: Config[DestinationRule]) -> Mapping[ConfigKey, RelevantLabels]:
    policies = (rule.spec.traffic_policy, *(subset.traffic_policy for subset in rule.spec.subsets))
    settings = (setting for policy in policies if policy for setting in _settings(policy))
    placing = frozenset[str]().union(*(priority_labels(setting) for setting in settings))
    selector = rule.spec.workload_selector.match_labels if rule.spec.workload_selector else {}
    return {key: RelevantLabels(placing, frozenset(selector))} if placing or selector else {}


def _settings(policy: TrafficPolicy) -> Iterable[LocalityLbSetting]:
    for balancer in (policy.load_balancer, *(level.load_balancer for level in policy.port_level_settings)):
        if balancer and balancer.locality_lb_setting:
            yield balancer.locality_lb_setting


def _of_routes(_: Context, key: ConfigKey, service: Config[VirtualService]) -> Mapping[ConfigKey, RelevantLabels]:
    http = (match.source_labels for route in service.spec.http for match in route.match)
    tls = (match.source_labels for route in service.spec.tls for match in route.match)
    tcp = (match.source_labels for route in service.spec.tcp for match in route.match)
    found = frozenset(name for labels in (*http, *tls, *tcp) for name in labels)
    return {key: RelevantLabels(frozenset(), found)} if found else {}
