"""The traffic policy that applies to a service: a DestinationRule after look-up and merging.

Does not know how the rule was found (``derive.policies`` does).
"""

from __future__ import annotations

import msgspec

from isthmus.api.destination_rule import Subset, TrafficPolicy

NO_POLICY = TrafficPolicy()


class DestinationPolicy(msgspec.Struct, frozen=True):
    """What the rules of one namespace say about one hostname."""

    source: str = ""  # path of the rule's object, as Istio writes it to cluster metadata
    traffic: TrafficPolicy = NO_POLICY
    subsets: tuple[Subset, ...] = ()

    def effective(self, port: int, subset: Subset | None = None) -> TrafficPolicy:
        """The policy of a port: the rule's own, then its subset's, each with its port's settings on top."""
        base = merged(NO_POLICY, self.traffic, port)
        return base if subset is None or subset.traffic_policy is None else merged(base, subset.traffic_policy, port)


def merged(under: TrafficPolicy, over: TrafficPolicy, port: int) -> TrafficPolicy:
    """``over`` laid over ``under``, field by field; settings of the port replace all four of theirs at once."""
    level = next((entry for entry in over.port_level_settings if entry.port and entry.port.number == port), over)
    inherit = level is over
    return TrafficPolicy(
        load_balancer=level.load_balancer or (under.load_balancer if inherit else None),
        connection_pool=level.connection_pool or (under.connection_pool if inherit else None),
        outlier_detection=level.outlier_detection or (under.outlier_detection if inherit else None),
        tls=level.tls or (under.tls if inherit else None),
        tunnel=over.tunnel or under.tunnel,
        proxy_protocol=over.proxy_protocol or under.proxy_protocol,
        retry_budget=over.retry_budget or under.retry_budget,
    )
