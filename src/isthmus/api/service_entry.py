"""ServiceEntry: a service that Kubernetes does not know."""

from __future__ import annotations

from typing import Literal

import msgspec

from isthmus.api.definition import AGE, Column, networking
from isthmus.api.selector import WorkloadSelector
from isthmus.api.wire import UInt32, Wire
from isthmus.api.workload_entry import WorkloadEntry


class ServicePort(Wire, frozen=True, kw_only=True):
    """A port of a service.

    number: Port number.
    protocol: One of HTTP, HTTPS, HTTP2, GRPC, GRPC-Web, MONGO, TCP, TLS.
    name: Name of the port.
    targetPort: Port of the endpoints; the same when not set.
    """

    number: UInt32
    protocol: str = ""
    name: str
    target_port: UInt32 = 0


class ServiceEntry(Wire, frozen=True, kw_only=True):
    """A service.

    hosts: Names of the service.
    addresses: Virtual addresses or ranges.
    ports: Ports of the service.
    location: Whether it is part of the mesh (mutual TLS) or outside.
    resolution: How endpoints are found.
    endpoints: The endpoints; excludes workloadSelector.
    workloadSelector: Pods and WorkloadEntries that are the endpoints; location must be MESH_INTERNAL.
    exportTo: Namespaces that see this object; `.` is the own one, `*` all.
    subjectAltNames: Names, one of which a server's certificate must have.
    """

    hosts: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    location: Literal["MESH_EXTERNAL", "MESH_INTERNAL"] = "MESH_EXTERNAL"
    resolution: Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"] = "NONE"
    endpoints: tuple[WorkloadEntry, ...] = ()
    workload_selector: WorkloadSelector | None = None
    export_to: tuple[str, ...] = ()
    subject_alt_names: tuple[str, ...] = ()


DEFINITION = msgspec.structs.replace(
    networking("ServiceEntry", "serviceentries", ServiceEntry, ("se",)),
    columns=(
        Column(name="Hosts", path=".spec.hosts", description="Names of the service."),
        Column(name="Location", path=".spec.location", description="Whether it is part of the mesh."),
        Column(name="Resolution", path=".spec.resolution", description="How endpoints are found."),
        AGE,
    ),
)
