"""Which Service of type LoadBalancer gets which address.

Knows a Service's fields that matter for that, and the cluster's range. Pure.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

import msgspec


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """Which object."""

    name: str
    namespace: str
    uid: str = ""
    deletion_timestamp: str | None = None


class Ingress(msgspec.Struct, frozen=True):
    """One address of a load balancer."""

    ip: str = ""


class LoadBalancer(msgspec.Struct, frozen=True):
    """`status.loadBalancer`."""

    ingress: tuple[Ingress, ...] = ()


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """`status`."""

    load_balancer: LoadBalancer = LoadBalancer()


class Spec(msgspec.Struct, frozen=True, rename="camel"):
    """`spec`, as far as it matters for addresses."""

    type: str = "ClusterIP"
    load_balancer_ip: str = msgspec.field(default="", name="loadBalancerIP")
    load_balancer_class: str | None = None


class Service(msgspec.Struct, frozen=True):
    """A Service, as far as it matters for addresses."""

    metadata: Metadata
    spec: Spec = Spec()
    status: Status = Status()

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.metadata.namespace, self.metadata.name

    @property
    def is_ours(self) -> bool:
        """Whether this controller is to give it an address."""
        spec = self.spec
        return spec.type == "LoadBalancer" and not spec.load_balancer_class and not self.metadata.deletion_timestamp

    @property
    def address(self) -> str:
        """The address that it has, or an empty string."""
        return self.status.load_balancer.ingress[0].ip if self.status.load_balancer.ingress else ""


class Decision(msgspec.Struct, frozen=True):
    """What one Service gets: an address, or the reason why it gets none."""

    service: Service
    address: str = ""
    problem: str = ""


def assign(services: Sequence[Service], pool: IPv4Network) -> tuple[Decision, ...]:
    """Decisions for those Services whose status is not as it should be, in order of namespace and name.

    An address is kept for as long as it is in the pool, nobody else has it, and no other one is asked for
    by `spec.loadBalancerIP`; then the asked one, then the lowest free one is taken.
    """
    ours = sorted((service for service in services if service.is_ours), key=lambda service: service.key)
    settled = {service.key: service.address for service in reversed(ours) if _is_right(service, pool)}
    owners = {address: key for key, address in settled.items()}
    waiting = [service for service in ours if owners.get(service.address) != service.key]
    taken = set(owners)
    decisions = []
    for service in sorted(waiting, key=lambda service: not service.spec.load_balancer_ip):
        decision = _decide(service, pool, taken)
        taken.add(decision.address)
        decisions.append(decision)
    return tuple(sorted(decisions, key=lambda decision: decision.service.key))


def _is_right(service: Service, pool: IPv4Network) -> bool:
    wanted = service.spec.load_balancer_ip
    return bool(service.address) and _within(service.address, pool) and wanted in ("", service.address)


def _decide(service: Service, pool: IPv4Network, taken: set[str]) -> Decision:
    wanted = service.spec.load_balancer_ip
    if not wanted:
        free = next((str(address) for address in pool if str(address) not in taken), "")
        return Decision(service, free, "" if free else f"all addresses of {pool} are taken")
    if not _within(wanted, pool):
        return Decision(service, problem=f"spec.loadBalancerIP {wanted} is not in this cluster's range {pool}")
    if wanted in taken:
        return Decision(service, problem=f"spec.loadBalancerIP {wanted} belongs to another Service")
    return Decision(service, wanted)


def _within(text: str, pool: IPv4Network) -> bool:
    try:
        return IPv4Address(text) in pool
    except ValueError:
        return False
