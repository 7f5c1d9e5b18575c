"""All parts of the control plane and their wiring, in the order in which they come up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry

from isthmus.ca.kube_reviewer import KubeTokenReviewer
from isthmus.control_plane.access_review import AccessReviewer
from isthmus.control_plane.api_servers import ApiServers
from isthmus.control_plane.background import Background
from isthmus.control_plane.cluster_writes import ClusterWrites
from isthmus.control_plane.collector import freeze_heap
from isthmus.control_plane.debug_pages import Pages
from isthmus.control_plane.gateway_api import GatewayApiWork
from isthmus.control_plane.http import DebugAccess
from isthmus.control_plane.http_server import HttpParts
from isthmus.control_plane.injection import InjectionCounters, InjectionSource
from isthmus.control_plane.joined_clusters import JoinedClusters
from isthmus.control_plane.mesh_graph import declare
from isthmus.control_plane.mesh_settings import MeshSettings
from isthmus.control_plane.metrics import ClusterMetrics, JoinedMetrics
from isthmus.control_plane.names import NameResolver
from isthmus.control_plane.object_problems import log_problems
from isthmus.control_plane.ports import Ports
from isthmus.control_plane.proxies import ConnectedProxies, in_words_of_streams
from isthmus.control_plane.proxy_pages import AdsPages, ProxyPages
from isthmus.control_plane.remote_writes import RemoteWrites
from isthmus.control_plane.security import Security, open_authority, secure
from isthmus.control_plane.serving import serving_of
from isthmus.control_plane.settings import Settings
from isthmus.control_plane.watched_names import ConfigMaps
from isthmus.inject import handlers as injection_handlers
from isthmus.validation import handlers as validation_handlers
from isthmus.xds.server import XdsServer
from isthmus.xds.settings import XdsSettings


class ControlPlane:
    """One replica. ``start`` returns when it is ready; everything it started runs in the given task group."""

    def __init__(self, settings: Settings, api: ApiServers) -> None:
        self.settings = settings
        self.ready = False
        self.registry = CollectorRegistry()
        self._client = client = api.configuration
        self.graph = graph = declare(settings, self.registry)
        self._config_maps = ConfigMaps(client, settings, self._config_maps_changed)
        self._mesh = MeshSettings(settings, graph, self._config_maps)
        self._injection = InjectionSource(settings, graph, self._config_maps)
        self.clusters = JoinedClusters(settings, api, graph, JoinedMetrics(self.registry))
        self._names = NameResolver(graph.sources.names, graph.host.apply)
        reviewer = AccessReviewer(self.clusters.client)
        self._proxies = proxies = ConnectedProxies(
            graph,
            lambda: self.ready,
            reviewer.may_list_secrets,
            virtual_host_discovery=settings.virtual_host_discovery,
        )
        self._proxy_pages = proxy_pages = ProxyPages(graph.discovery, graph.domain.proxies)
        pages = Pages(graph, self.clusters.statuses, self._injection.templates)
        self.pages = pages.pages() | proxy_pages.pages()
        self.pages["secretAccess"] = lambda query: proxies.secrets.page()
        ads_pages = AdsPages(self.pages, proxy_pages, settings.pod_name)
        self.xds = XdsServer(proxies, ads_pages, self.registry, _xds_settings(settings))
        self.pages["syncz"] = lambda query: self.xds.syncz(query.get("namespace", ""))
        self._ports = Ports(settings, self.xds)
        ClusterMetrics(self.clusters.statuses, lambda: len(graph.domain.services)).register(self.registry)

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Reads everything once, opens the ports, and only then is ready."""
        background = Background(tasks, self.registry)
        self.graph.discovery.observe(self._announce)
        log_problems(self.graph.discovery)
        self.graph.observe_gateway_names(self._names.want)
        background.keep("gateway names", self._names.run)
        background.keep("secret access", self._proxies.secrets.run)
        await self._config_maps.start(background)
        background.keep("mesh files", self._mesh.follow_files)
        self._injection.start(self._client, background)
        self.clusters.start(background)
        security = await self._secure(background)
        serving = serving_of(self.settings, security.authority, self._ports.tls)
        self.graph.observe_discovery_address(serving.serve_at)
        background.keep("serving certificate", serving.keep)
        writes = ClusterWrites(self.settings, serving.anchors, background)
        writes.keep_own(self._client)
        GatewayApiWork(self.settings, self._client, self.graph, self._injection).keep(background)
        await self._ports.open(security, self._http_parts(security))
        namespaces = self.graph.sources.namespaces
        remote = RemoteWrites(self.settings, namespaces, writes.serve) if self.settings.external else None
        await self.clusters.sync(background, remote.serve if remote else None)
        freeze_heap()
        self.ready = True

    async def stop(self, seconds: float) -> None:
        """Sends clients elsewhere, spread over at most so many seconds, and closes everything."""
        self.ready = False
        await self._ports.close(min(seconds, 2.0))

    async def _secure(self, background: Background) -> Security:
        authority = await open_authority(self.settings, self._client, self.graph.trust_domain, background)
        reviewer = KubeTokenReviewer(self.clusters.client, self.clusters.names, self.settings.token_audiences)
        return secure(self.settings, authority, reviewer, lambda: self.graph.trust_domain, self.registry)

    def _http_parts(self, security: Security) -> HttpParts:
        readers = frozenset({self.settings.namespace, *self.settings.allowed_debug_namespaces})
        return HttpParts(
            ready=lambda: self.ready,
            pages=self.pages,
            access=DebugAccess(readers, self._proxy_pages.namespace),
            registry=self.registry,
            webhooks=self._webhooks(),
            authenticate=security.authentication.authenticate,
        )

    def _webhooks(self) -> list[web.RouteDef]:
        settings_for = self._injection.settings_for(lambda: self._mesh.fields)
        count = InjectionCounters(self.registry).count
        return [*validation_handlers.routes(), *injection_handlers.routes(settings_for, count)]

    def _announce(self, changed: Mapping[str, Mapping[str, set[str]]]) -> None:
        for proxy, types in in_words_of_streams(changed):
            self.xds.changed(proxy, types)

    def _config_maps_changed(self) -> None:
        self._mesh.update()
        self._injection.update()


def _xds_settings(settings: Settings) -> XdsSettings:
    return XdsSettings(
        max_stream_age=settings.max_stream_age,
        identity_check=settings.identity_check,
        system_namespace=settings.namespace,
        debug_namespaces=settings.allowed_debug_namespaces,
    )
