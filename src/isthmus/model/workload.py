"""Workloads: the pods that proxies and endpoints stand for."""

from __future__ import annotations

import msgspec

from isthmus.model.locality import Locality


class WorkloadKey(msgspec.Struct, frozen=True, order=True):
    """A pod in one cluster."""

    cluster: str
    namespace: str
    name: str


class Workload(msgspec.Struct, frozen=True):
    """A pod as the mesh sees it: identity, place and labels."""

    key: WorkloadKey
    addresses: tuple[str, ...]
    labels: dict[str, str]
    service_account: str
    identity: str  # SPIFFE id
    workload: str  # name of the Deployment, StatefulSet, … that owns the pod
    canonical_name: str
    canonical_revision: str
    node: str
    locality: Locality
    network: str
    mtls: bool
    ports: dict[str, int] = {}  # named container ports
    hostname: str = ""
    subdomain: str = ""
    ready: bool = True
