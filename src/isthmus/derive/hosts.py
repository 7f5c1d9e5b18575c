"""Hosts as objects of users write them: which service is meant."""

from __future__ import annotations

import msgspec

from isthmus.collections import Context, Index
from isthmus.derive.domain import Domain
from isthmus.derive.host_names import Host
from isthmus.derive.upstreams import Upstreams
from isthmus.derive.views import Scope
from isthmus.model.service import Service
from isthmus.translate.routes.destinations import Find, Known


class Hosts(msgspec.Struct, frozen=True):
    """Look-ups of hosts."""

    domain: Domain
    upstreams: Upstreams
    by_short_name: Index[Host, str, Service]
    suffix: str  # "svc.cluster.local"

    def find(self, ctx: Context, namespace: str, scope: Scope) -> Find:
        """The look-up for an object of ``namespace`` on behalf of clients of a scope."""

        def known(host: str) -> Known:
            if "." in host:
                hostname, service = host, ctx.get(self.domain.services, host)
            else:
                service = next(iter(ctx.select(self.by_short_name, (namespace, host))), None)
                hostname = service.hostname if service else f"{host}.{namespace}.{self.suffix}"
            if service is None:
                return Known(hostname)
            policies = ctx.get(self.upstreams.policies.destinations, hostname)
            variant = policies.variant(scope) if policies else ""
            return Known(hostname, service, self.upstreams.policy(ctx, hostname, variant))

        return known


def declare(domain: Domain, upstreams: Upstreams, suffix: str) -> Hosts:
    """Declares the index of short names. ``suffix`` completes names of services that do not exist."""
    by_short_name = domain.services.index("short name", lambda service: ((service.namespace, service.name),))
    return Hosts(domain, upstreams, by_short_name, suffix)
