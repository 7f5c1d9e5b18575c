"""Proxies: the Envoys that are connected, as far as their configuration depends on them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from isthmus.model.locality import Locality


class ProxyKind(StrEnum):
    """The role of a proxy (first field of the node id)."""

    SIDECAR = "sidecar"
    ROUTER = "router"


class SecretAccess(msgspec.Struct, frozen=True):
    """What the API server of a cluster said of a service account there: whether it may list its namespace's Secrets."""

    cluster: str
    account: str
    allowed: bool


class Proxy(msgspec.Struct, frozen=True):
    """One connected proxy, from its node and metadata (Istio's node metadata keys)."""

    id: str  # connection id: <pod>.<namespace>-<number>
    kind: ProxyKind
    name: str  # pod name
    namespace: str
    cluster: str
    addresses: tuple[str, ...]
    dns_domain: str  # <namespace>.svc.<cluster domain>
    network: str = ""
    requested_networks: tuple[str, ...] = ()  # sorted; empty: all
    labels: dict[str, str] = {}
    locality: Locality = Locality()
    service_account: str = ""
    node: str = ""
    interception: str = "REDIRECT"  # REDIRECT, TPROXY or NONE
    http10: bool = False
    unprivileged: bool = False  # a router that may not bind ports below 1024
    dns_capture: bool = False
    virtual_host_discovery: bool = False  # takes virtual hosts one by one
    version: str = ""
    authenticated: bool = False  # the caller's identity was verified, and is the node's
    secret_access: SecretAccess | None = None  # None: not known (yet)


class CredentialKey(msgspec.Struct, frozen=True, order=True):
    """A Secret that gateways may use, in one cluster."""

    cluster: str
    namespace: str
    name: str


class Credential(msgspec.Struct, frozen=True):
    """TLS material of a Secret; any part may be empty. Never shown: ``repr`` names the key only."""

    key: CredentialKey
    certificate: bytes = b""
    private_key: bytes = b""
    ca: bytes = b""
    crl: bytes = b""

    def __repr__(self) -> str:
        return f"Credential({self.key})"
