"""The process's ports: discovery and certificates over gRPC, pages and webhooks over HTTP."""

from __future__ import annotations

from isthmus.control_plane.errors import listening
from isthmus.control_plane.http_server import HttpParts, HttpServers
from isthmus.control_plane.security import Security
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
        self._grpc_tls, self._web_tls = ServerTls(), ServerTls(("http/1.1",))

    @property
    def tls(self) -> tuple[ServerTls, ...]:
        """Of those that serve with a certificate, which must be loaded before they are opened."""
        return self._grpc_tls, self._web_tls

    async def open(self, security: Security, parts: HttpParts) -> None:
        """Opens every port that the settings name; ``StartError`` names the one that cannot be had."""
        await self._open_grpc(security)
        await self._http.start(self._settings, parts, self._web_tls)

    async def close(self, seconds: float) -> None:
        """Takes no more connections, sends clients elsewhere, and closes what is left."""
        self._rpc.stop_listening()
        await self._xds.drain(seconds)
        await self._rpc.close()
        await self._http.close()

    async def _open_grpc(self, security: Security) -> None:
        settings = self._settings
        if settings.grpc:
            with listening(settings.grpc):
                await self._rpc.listen([self._xds.service(None), security.certificates], *settings.grpc)
        authenticate = security.authentication.authenticate if settings.xds_auth else None
        services = [self._xds.service(authenticate), security.certificates]
        for address in filter(None, (settings.secure_grpc, settings.legacy_secure_grpc)):
            with listening(address):
                await self._rpc.listen(services, *address, self._grpc_tls)
