"""Pod: the fields that make it a workload of the mesh."""

from __future__ import annotations

from msgspec import field

from isthmus.api.wire import Labels, OwnerReference, Wire

_TEMPLATE_HASH = "pod-template-hash"
_CRON_SUFFIX = 10  # a CronJob's Jobs end in "-" and minutes since 1970 (8 digits now, 10 in older clusters)


class PodAnnotations(Wire, frozen=True, kw_only=True):
    """The annotations that matter to the mesh; all others are not decoded."""

    sidecar_status: str | None = field(name="sidecar.istio.io/status", default=None)
    proxy_config: str = field(name="proxy.istio.io/config", default="")
    interception_mode: str = field(name="sidecar.istio.io/interceptionMode", default="")
    inject: str = field(name="sidecar.istio.io/inject", default="")


class PodMeta(Wire, frozen=True, kw_only=True):
    """Metadata of a pod."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generate_name: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    labels: Labels = {}
    annotations: PodAnnotations = PodAnnotations()
    owner_references: tuple[OwnerReference, ...] = ()


class ContainerPort(Wire, frozen=True, kw_only=True):
    """A port that a container declares."""

    name: str = ""
    container_port: int
    protocol: str = "TCP"


class Container(Wire, frozen=True, kw_only=True):
    """A container; only its ports matter."""

    name: str = ""
    ports: tuple[ContainerPort, ...] = ()


class PodSpec(Wire, frozen=True, kw_only=True):
    """What a pod asked for."""

    node_name: str = ""
    service_account_name: str = ""
    hostname: str = ""
    subdomain: str = ""
    host_network: bool = False
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()


class PodIp(Wire, frozen=True, kw_only=True):
    """One address of a pod."""

    ip: str = ""


class PodCondition(Wire, frozen=True, kw_only=True):
    """A condition; times and messages are left out, so that probes that repeat themselves change nothing."""

    type: str
    status: str


class PodStatus(Wire, frozen=True, kw_only=True):
    """What became of a pod."""

    phase: str = ""
    pod_ip: str = field(name="podIP", default="")
    pod_ips: tuple[PodIp, ...] = field(name="podIPs", default=())
    conditions: tuple[PodCondition, ...] = ()


class Pod(Wire, frozen=True, kw_only=True):
    """A pod."""

    metadata: PodMeta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses, the primary one first."""
        several = tuple(entry.ip for entry in self.status.pod_ips if entry.ip)
        return several or ((self.status.pod_ip,) if self.status.pod_ip else ())

    @property
    def ready(self) -> bool:
        """Whether the Ready condition is true."""
        return any(c.type == "Ready" and c.status == "True" for c in self.status.conditions)

    @property
    def terminal(self) -> bool:
        """Whether the pod has ended for good: its address may belong to another pod by now."""
        return self.status.phase in ("Succeeded", "Failed")

    def named_port(self, name: str, protocol: str = "TCP") -> int | None:
        """The container port called ``name``, as a Service's target port refers to it."""
        for container in (*self.spec.containers, *self.spec.init_containers):
            for port in container.ports:
                if port.name == name and port.protocol == protocol:
                    return port.container_port
        return None

    @property
    def workload(self) -> tuple[str, str]:
        """``(kind, name)`` of what runs the pod, without reading any owner.

        A ReplicaSet made by a Deployment is named by it plus the template hash, which is also a pod label;
        a Job made by a CronJob by it plus a number. Other pods are their own controller's, or their own.
        """
        owner = next((ref for ref in self.metadata.owner_references if ref.controller), None)
        if owner is None:
            return "Pod", self.metadata.name
        if owner.kind == "ReplicaSet":
            suffix = "-" + self.metadata.labels.get(_TEMPLATE_HASH, "\0")
            return ("Deployment", owner.name.removesuffix(suffix)) if owner.name.endswith(suffix) else _as_is(owner)
        if owner.kind == "Job":
            stem, _, number = owner.name.rpartition("-")
            if stem and number.isdigit() and 8 <= len(number) <= _CRON_SUFFIX:
                return "CronJob", stem
        return _as_is(owner)


def _as_is(owner: OwnerReference) -> tuple[str, str]:
    return owner.kind, owner.name
