"""All parts of the control plane and their wiring, in the order in which they come up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from isthmus.ca.kube_reviewer import KubeTokenReviewer
from isthmus.ca.publisher import RootPublisher
from isthmus.control_plane.clusters import ClusterStatus, ClusterWatch, own_status
from isthmus.control_plane.debug_pages import Pages
from isthmus.control_plane.feeds import cluster_feeds, own_feeds
from isthmus.control_plane.graph_host import GraphHost
from isthmus.control_plane.http_server import HttpParts, HttpServers
from isthmus.control_plane.injection import Injection
from isthmus.control_plane.intake import Intake
from isthmus.control_plane.mesh_settings import MeshSettings
from isthmus.control_plane.metrics import ClusterMetrics, RemoteClusterCounters
from isthmus.control_plane.names import NameResolver
from isthmus.control_plane.proxies import ConnectedProxies, in_words_of_streams
from isthmus.control_plane.proxy_pages import AdsPages, ProxyPages
from isthmus.control_plane.remote_clusters import RemoteClusters, Surroundings
from isthmus.control_plane.remote_secrets import SecretProblem, desired_clusters
from isthmus.control_plane.security import Security, ServingCertificate, open_authority, secure
from isthmus.control_plane.settings import Settings
from isthmus.control_plane.watched_names import ConfigMaps, RemoteSecrets
from isthmus.control_plane.webhooks import WebhookPatcher
from isthmus.derive.discovery import build
from isthmus.derive.gateways_of_networks import is_address
from isthmus.derive.kubernetes import GATEWAY_CANDIDATES, Identity, declare_domain
from isthmus.derive.sources import declare_sources
from isthmus.inject import handlers as injection_handlers
from isthmus.kube.client import Client
from isthmus.kube.leases import Election, lead
from isthmus.rpc.server import RpcServer
from isthmus.rpc.tls import ServerTls
from isthmus.validation import handlers as validation_handlers
from isthmus.xds.server import XdsServer
from isthmus.xds.settings import XdsSettings

log = structlog.get_logger(__name__)

ROOTS_ELECTION = "istio-namespace-controller-election"


class ControlPlane:
    """One replica. ``start`` returns when it is ready; everything it started runs in the given task group."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.settings = settings
        self.ready = False
        self._client = client
        self.registry = CollectorRegistry()
        self._host = GraphHost(self.registry)
        self._sources = declare_sources(self._host.graph)
        identity = Identity(settings.cluster_id, settings.namespace, settings.domain, settings.discovery_address)
        self._domain = declare_domain(self._host.graph, self._sources, identity)
        self._discovery = build(self._domain)
        self._mesh = MeshSettings(self._sources, self._host.apply, (settings.mesh_config, settings.mesh_networks))
        self._injection = Injection(settings, self._sources, self.registry)
        self._config_maps = ConfigMaps(client, settings, self._mesh_changed)
        self._secrets = RemoteSecrets(client, settings.namespace, self._secrets_changed)
        feeds = (*cluster_feeds(self._sources), *own_feeds(self._sources))
        self._own_feeds = feeds
        self._own = ClusterWatch(settings.cluster_id, client, Intake(settings.cluster_id, feeds, self._host.apply))
        self._remotes: RemoteClusters | None = None
        self._problems: tuple[SecretProblem, ...] = ()
        self._proxies = ConnectedProxies(self._discovery, self._domain.proxies, self._host.apply, lambda: self.ready)
        self._proxy_pages = ProxyPages(self._discovery, self._domain.proxies)
        pages = Pages(self._host.graph, self._domain, self.clusters)
        self.pages = pages.pages() | self._proxy_pages.pages()
        xds_settings = XdsSettings(
            max_stream_age=settings.max_stream_age,
            identity_check=settings.identity_check,
            system_namespace=settings.namespace,
            debug_namespaces=settings.allowed_debug_namespaces,
        )
        ads_pages = AdsPages(self.pages, self._proxy_pages, settings.pod_name)
        self.xds = XdsServer(self._proxies, ads_pages, self.registry, xds_settings)
        self.pages["syncz"] = lambda query: self.xds.syncz(query.get("namespace", ""))
        self._rpc = RpcServer()
        self._http = HttpServers()
        self._names = NameResolver(self._sources.names, self._host.apply)
        ClusterMetrics(self.clusters, lambda: len(self._domain.services)).register(self.registry)

    def clusters(self) -> list[ClusterStatus]:
        """All clusters, the own one first."""
        remotes = self._remotes.statuses() if self._remotes else []
        return [own_status(self._own), *remotes]

    def client_of(self, cluster: str) -> Client | None:
        """The client of a cluster's API server; an empty name is the own cluster."""
        if cluster in ("", self.settings.cluster_id):
            return self._client
        return self._remotes.client(cluster) if self._remotes else None

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Reads everything once, opens the ports, and only then is ready."""
        self._announce_changes()
        tasks.create_task(self._names.run(), name="gateway names")
        await self._config_maps.start(tasks)
        tasks.create_task(self._own.run(self._own_feeds), name="own cluster")
        security = await self._secure(tasks)
        await self._listen(tasks, security)
        late = RemoteClusterCounters(self.registry).late
        self._remotes = RemoteClusters(
            Surroundings(cluster_feeds(self._sources), self._host.apply, tasks, self.settings.remote_timeout, late)
        )
        await self._secrets.start(tasks)
        await self._own.intake.complete.wait()
        await self._remotes.wait_first_sync()
        self._host.freeze()
        self.ready = True

    async def stop(self, seconds: float) -> None:
        """Takes no more connections, sends clients elsewhere, and closes what is left."""
        self.ready = False
        self._rpc.stop_listening()
        await self.xds.drain(min(seconds, 2.0))
        await self._rpc.close()
        await self._http.close()

    async def _secure(self, tasks: asyncio.TaskGroup) -> Security:
        authority = await open_authority(self.settings, self._client, self._trust_domain(), tasks)
        reviewer = KubeTokenReviewer(
            self.client_of, lambda: [status.id for status in self.clusters()], self.settings.token_audiences
        )
        security = secure(self.settings, authority, reviewer, self._trust_domain, self.registry)
        publisher = RootPublisher(self._client)
        authority.subscribe(publisher.publish)
        election = Election(ROOTS_ELECTION, self.settings.namespace, self.settings.pod_name)
        tasks.create_task(lead(self._client, election, publisher.run), name="roots in every namespace")
        patcher = WebhookPatcher(
            self._client, self.settings.namespace, self.settings.revision, lambda: authority.bundle.roots
        )
        authority.subscribe(lambda _: patcher.bundle_changed())
        watching = patcher.run(
            injection=bool(self.settings.injection_webhook), validation=bool(self.settings.validation_webhook)
        )
        tasks.create_task(watching, name="webhook configurations")
        return security

    async def _listen(self, tasks: asyncio.TaskGroup, security: Security) -> None:
        settings = self.settings
        grpc_tls, web_tls = ServerTls(), ServerTls(("http/1.1",))
        serving = ServingCertificate(settings, security.authority, (grpc_tls, web_tls))
        tasks.create_task(serving.keep(), name="serving certificate")
        authenticate = security.authentication.authenticate
        if settings.grpc:
            await self._rpc.listen([self.xds.service(None), security.certificates], *settings.grpc)
        if settings.secure_grpc:
            services = [self.xds.service(authenticate), security.certificates]
            await self._rpc.listen(services, *settings.secure_grpc, grpc_tls)
        parts = HttpParts(lambda: self.ready, self.pages, self.registry, self._webhooks(), authenticate)
        await self._http.start(settings, parts, web_tls)

    def _webhooks(self) -> list[web.RouteDef]:
        injection = injection_handlers.routes(self._injection.settings_for, self._injection.count)
        return [*validation_handlers.routes(), *injection]

    def _announce_changes(self) -> None:
        def announce(changed: Mapping[str, Mapping[str, set[str]]]) -> None:
            for proxy, types in in_words_of_streams(changed):
                self.xds.changed(proxy, types)

        self._discovery.observe(announce)

        def gateways_changed(changes: object) -> None:
            candidates = self._host.graph.collections[GATEWAY_CANDIDATES].get("") or ()
            self._names.want(gateway.host for gateway in candidates if not is_address(gateway.host))

        self._host.graph.collections[GATEWAY_CANDIDATES].observe(gateways_changed)

    def _trust_domain(self) -> str:
        mesh = self._domain.mesh.get("")
        return mesh.trust_domain if mesh else "cluster.local"

    def _mesh_changed(self) -> None:
        shared = self.settings.shared_mesh_config
        self._mesh.update(
            self._config_maps.data(self.settings.mesh_config_map), self._config_maps.data(shared) if shared else {}
        )
        self._injection.update(self._config_maps.data(self.settings.injection_config_map))

    def _secrets_changed(self) -> None:
        assert self._remotes is not None
        found, problems = desired_clusters(
            self._secrets.current(), self.settings.cluster_id, self.settings.insecure_kubeconfig_options
        )
        for problem in problems:
            if problem not in self._problems:
                log.error("remote secret", secret=problem.secret, cluster=problem.cluster, problem=problem.message)
        self._problems = problems
        self._remotes.update(found, {problem.cluster for problem in problems})
