"""WorkloadEntry: a workload outside Kubernetes, or an endpoint of a ServiceEntry."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isthmus.api.definition import AGE, Column, networking
from isthmus.api.wire import Labels, UInt32, Wire


class WorkloadEntry(Wire, frozen=True, kw_only=True):
    """One workload.

    address: IP address, `unix:///path`, or a DNS name; may be left out when network is set.
    ports: Port number of each service port, by the service port's name.
    labels: Labels of the workload.
    network: Network that the workload is on.
    locality: Locality of the workload, `region/zone/subzone`.
    weight: Share of traffic, relative to other endpoints.
    serviceAccount: Account that the workload runs as, in the object's namespace.
    """

    address: str = ""
    ports: Mapping[str, UInt32] = {}
    labels: Labels = {}
    network: str = ""
    locality: str = ""
    weight: UInt32 = 0
    service_account: str = ""


DEFINITION = msgspec.structs.replace(
    networking("WorkloadEntry", "workloadentries", WorkloadEntry, ("we",)),
    columns=(AGE, Column(name="Address", path=".spec.address", description="Address of the workload.")),
)
