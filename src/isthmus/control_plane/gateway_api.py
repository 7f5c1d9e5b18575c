"""What the control plane writes for the Gateway API in the configuration cluster: statuses, classes, pods.

Each is written by one replica of a revision, the winner of an election.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from isthmus.api.config import Config
from isthmus.api.gateway_api.gateway import Gateway
from isthmus.collections import Change
from isthmus.control_plane.background import Background
from isthmus.control_plane.elections import Elections
from isthmus.control_plane.injection import InjectionSource
from isthmus.control_plane.mesh_graph import MeshGraph
from isthmus.control_plane.settings import Settings
from isthmus.deployment.controller import DeploymentController
from isthmus.deployment.objects import TEMPLATE, Making
from isthmus.derive.domain import ConfigKey
from isthmus.kube.client import Client
from isthmus.model.status import Status, StatusKey
from isthmus.status.writer import StatusWriter
from isthmus.translate.gateway_api import names
from isthmus.translate.gateway_api.services import is_deployed

STATUS_ELECTION = "istio-gateway-status-leader"
DEPLOYMENT_ELECTION = "istio-gateway-deployment"


class GatewayApiWork:
    """The writer of statuses and the controller of deployments, told of what changes in the graph."""

    def __init__(self, settings: Settings, client: Client, graph: MeshGraph, injection: InjectionSource) -> None:
        self._elections = Elections(settings)
        self._client = client
        self._writer = StatusWriter(client, graph.discovery.status, names.CONTROLLERS)
        gateways = _Gateways(settings, graph, injection)
        self._controller = DeploymentController(client, gateways, settings.revision, settings.namespace)
        injection.observe(self._controller.all_changed)
        for statuses in graph.discovery.tables.statuses:
            statuses.observe(self._statuses_changed)
        graph.domain.gateway_api.gateways.observe(self._gateways_changed)
        graph.discovery.tables.converted.opened.observe(self._gateways_changed)

    def keep(self, background: Background) -> None:
        """From now on."""
        background.keep("gateway statuses", lambda: self._lead(STATUS_ELECTION, self._writer))
        background.keep("gateway deployments", lambda: self._lead(DEPLOYMENT_ELECTION, self._controller))

    async def _lead(self, name: str, work: StatusWriter | DeploymentController) -> None:
        await self._elections.lead_revision(self._client, name, work.run)

    def _statuses_changed(self, changes: Mapping[StatusKey, Change[Status]]) -> None:
        self._writer.changed(changes)

    def _gateways_changed(self, changes: Mapping[ConfigKey, Change[Any]]) -> None:
        self._controller.changed(changes)


class _Gateways:
    """Gateways that want pods, as the graph has them."""

    def __init__(self, settings: Settings, graph: MeshGraph, injection: InjectionSource) -> None:
        self._revision = settings.revision
        self._rows = graph.domain.gateway_api.gateways
        self._opened = graph.discovery.tables.converted.opened
        self._injection = injection

    def all(self) -> Iterable[ConfigKey]:
        """All that are served here; ``find`` tells which of them want pods."""
        return tuple(self._opened)

    def find(self, key: ConfigKey) -> Config[Gateway] | None:
        """One, when it wants pods."""
        row, opened = self._rows.get(key), self._opened.get(key)
        if row is None or opened is None or opened.controller not in names.DEPLOYED or opened.asked.unsupported:
            return None
        return row if is_deployed(row.spec) else None

    def making(self, uid: str, parameters: Mapping[str, str]) -> Making | None:
        """With the template and the values of the injector's ConfigMap."""
        template = self._injection.templates().get(TEMPLATE)
        if template is None:
            return None
        return Making(uid, template, self._injection.values(), self._revision, parameters)
