"""The process's ports: discovery and certificates over gRPC, pages and webhooks over HTTP."""

from __future__ import annotations

from isthmus.control_plane.background import Background
from isthmus.control_plane.errors import listening
from isthmus.control_plane.http_server import HttpParts, HttpServers
from isthmus.control_plane.mesh_graph import MeshGraph
from isthmus.control_plane.security import Security, ServingCertificate
from isthmus.control_plane.settings import Settings
from isthmus.rpc.server import RpcServer
from isthmus.rpc.tls import ServerTls
from isthmus.xds.server import XdsServer


class Ports:
    """Opened together, closed in the order in which clients notice least."""

    def __init__(self, settings: Settings, xds: XdsServer) -> None:
        self._settings = settings
        self._xds = xds
        self._rpc = RpcServer()
        self._http = HttpServers()

    async def open(self, security: Security, parts: HttpParts, graph: MeshGraph, background: Background) -> None:
        """Opens every port that the settings name; ``StartError`` names the one that cannot be had."""
        grpc_tls, web_tls = ServerTls(), ServerTls(("http/1.1",))
        serving = ServingCertificate(self._settings, security.authority, (grpc_tls, web_tls))
        graph.observe_discovery_address(serving.serve_at)
        background.keep("serving certificate", serving.keep)
        await self._open_grpc(security, grpc_tls)
        await self._http.start(self._settings, parts, web_tls)

    async def close(self, seconds: float) -> None:
        """Takes no more connections, sends clients elsewhere, and closes what is left."""
        self._rpc.stop_listening()
        await self._xds.drain(seconds)
        await self._rpc.close()
        await self._http.close()

    async def _open_grpc(self, security: Security, tls: ServerTls) -> None:
        settings = self._settings
        if settings.grpc:
            with listening(settings.grpc):
                await self._rpc.listen([self._xds.service(None), security.certificates], *settings.grpc)
        authenticate = security.authentication.authenticate if settings.xds_auth else None
        services = [self._xds.service(authenticate), security.certificates]
        for address in filter(None, (settings.secure_grpc, settings.legacy_secure_grpc)):
            with listening(address):
                await self._rpc.listen(services, *address, tls)
