"""WorkloadGroup: what workloads that register themselves have in common."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from isthmus.api.definition import networking
from isthmus.api.wire import Groups, Labels, UInt32, Wire
from isthmus.api.workload_entry import WorkloadEntry

Count = Annotated[int, Meta(ge=0, le=2147483647)]


class WorkloadGroupMeta(Wire, frozen=True, kw_only=True):
    """Metadata given to each registered workload.

    labels: Labels of the entry.
    annotations: Annotations of the entry.
    """

    labels: Labels = {}
    annotations: Labels = {}


class HttpHeader(Wire, frozen=True, kw_only=True):
    """A header of a probe.

    name: Name.
    value: Value.
    """

    name: str = ""
    value: str = ""


class HttpProbe(Wire, frozen=True, kw_only=True):
    """A probe by HTTP GET.

    path: Path.
    port: Port.
    host: Host to connect to; the workload when empty.
    scheme: HTTP or HTTPS.
    httpHeaders: Headers to send.
    """

    path: str = ""
    port: UInt32
    host: str = ""
    scheme: str = ""
    http_headers: tuple[HttpHeader, ...] = ()


class TcpProbe(Wire, frozen=True, kw_only=True):
    """A probe by connecting.

    host: Host to connect to; the workload when empty.
    port: Port.
    """

    host: str = ""
    port: UInt32


class ExecProbe(Wire, frozen=True, kw_only=True):
    """A probe by a command.

    command: The command and its arguments.
    """

    command: tuple[str, ...]


class GrpcProbe(Wire, frozen=True, kw_only=True):
    """A probe by gRPC health checking.

    port: Port.
    service: Name of the service to ask for.
    """

    port: UInt32 = 0
    service: str = ""


class ReadinessProbe(Wire, frozen=True, kw_only=True):
    """How readiness is found out.

    initialDelaySeconds: Seconds before the first probe.
    timeoutSeconds: Seconds for an answer; 1 when not set.
    periodSeconds: Seconds between probes; 10 when not set.
    successThreshold: Successes in a row that make ready; 1 when not set.
    failureThreshold: Failures in a row that make unready; 3 when not set.
    httpGet: By HTTP GET.
    tcpSocket: By connecting.
    exec: By a command.
    grpc: By gRPC health checking.
    """

    at_most_one: ClassVar[Groups] = (("httpGet", "tcpSocket", "exec", "grpc"),)

    initial_delay_seconds: Count = 0
    timeout_seconds: Count = 0
    period_seconds: Count = 0
    success_threshold: Count = 0
    failure_threshold: Count = 0
    http_get: HttpProbe | None = None
    tcp_socket: TcpProbe | None = None
    exec: ExecProbe | None = None
    grpc: GrpcProbe | None = None


class WorkloadGroup(Wire, frozen=True, kw_only=True):
    """A group of workloads.

    metadata: Metadata given to each registered workload.
    template: Everything else of the workload.
    probe: How readiness is found out.
    """

    metadata: WorkloadGroupMeta | None = None
    template: WorkloadEntry
    probe: ReadinessProbe | None = None


DEFINITION = networking("WorkloadGroup", "workloadgroups", WorkloadGroup, ("wg",))
