"""Proxies as audiences: proxies that get the same resources are told apart by nothing here.

An audience is a combination of views. Its proxies share every resource but the inbound side, which goes by
workload. A change is worked out once per audience, not once per proxy.
"""

from __future__ import annotations

import msgspec

from isthmus.translate.authorization.filters import UNRESTRICTED, Authorization
from isthmus.translate.inbound import InboundView
from isthmus.translate.views import ClusterView, EndpointView, Families, NameView, OutboundView, RouteView


class Scope(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """Who a proxy is to policies: namespace, the Sidecar for it, and labels that some policy asks for."""

    namespace: str
    sidecar: str = ""  # "namespace/name"; empty: none applies
    labels: tuple[tuple[str, str], ...] = ()


class GatewayView(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """What decides the listeners and routes of a router; the default stands for a sidecar."""

    gateways: tuple[tuple[str, str], ...] = ()  # namespace and name, oldest first
    targets: tuple[tuple[int, int], ...] = ()  # service port → container port
    unprivileged: bool = False
    authorization: Authorization = UNRESTRICTED
    refused: str = ""  # the service account, if it may not have its namespace's Secrets


class RouterKey(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """A kind of router."""

    gateway: GatewayView
    scope: Scope
    families: Families
    cluster: str
    http10: bool = False


class Audience(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """All that a proxy's outbound side depends on."""

    sidecar: bool
    scope: Scope
    endpoints: EndpointView
    clusters: ClusterView
    outbound: OutboundView
    routes: RouteView
    names: NameView
    gateway: GatewayView = GatewayView()
    dns: bool = False

    @property
    def router(self) -> RouterKey:
        """What the resources of a router depend on besides services."""
        outbound = self.outbound
        return RouterKey(self.gateway, self.scope, outbound.families, outbound.cluster, outbound.http10)


class Member(msgspec.Struct, frozen=True):
    """One connected proxy."""

    proxy: str
    audience: Audience
    placed: EndpointView  # its endpoint view with its place, for services whose balancing asks for it
    inbound: InboundView
    addresses: tuple[str, ...]
    cluster: str
    namespace: str
    authenticated: bool
    reads_secrets: bool  # those of its own namespace
