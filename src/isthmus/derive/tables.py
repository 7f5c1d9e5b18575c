"""All derived collections that look-ups and changes read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isthmus.api.config import Problems
from isthmus.collections import Collection
from isthmus.derive.assignments import Assignments
from isthmus.derive.clusters import Clusters
from isthmus.derive.domain import ConfigKey
from isthmus.derive.gateway_api import Converted
from isthmus.derive.gateway_api_status import Statuses
from isthmus.derive.gateways import Gateways
from isthmus.derive.http_ports import HttpPorts
from isthmus.derive.listeners import Listeners
from isthmus.derive.members import Members
from isthmus.derive.name_tables import NameTables
from isthmus.derive.plans import Plans
from isthmus.derive.policies import Policies
from isthmus.derive.routes import Routes
from isthmus.derive.single_hosts import SingleHosts
from isthmus.derive.views import Audience
from isthmus.derive.visibility import Visibility
from isthmus.model.resource import Resource
from isthmus.translate.inbound import InboundView


@dataclass(frozen=True, slots=True)
class Tables:
    """The derived half of the graph."""

    members: Members
    policies: Policies
    visibility: Visibility
    http_ports: HttpPorts
    clusters: Clusters
    assignments: Assignments
    listeners: Listeners
    inbound: Collection[InboundView, Resource]
    plans: Plans
    routes: Routes
    single_hosts: SingleHosts
    names: NameTables
    gateways: Gateways
    problems: Mapping[str, Collection[ConfigKey, Problems]]  # by kind
    converted: Converted
    statuses: Statuses

    def variant(self, audience: Audience, hostname: str) -> str:
        """Which variant of a hostname's policies an audience gets."""
        found = self.policies.destinations.get(hostname)
        return "" if found is None else found.variant(audience.scope)
