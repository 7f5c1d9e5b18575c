"""A pod as the node agent sees it: what its capture follows from, and how its first container fared."""

from __future__ import annotations

import msgspec

_PROXY = "istio-proxy"


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Variable(_Wire, frozen=True):
    """An environment variable; those that are not written out have no value here."""

    name: str
    value: str = ""


class SecurityContext(_Wire, frozen=True):
    """Which user a container runs as."""

    run_as_user: int | None = None
    run_as_group: int | None = None


class Container(_Wire, frozen=True):
    """A container of a pod's specification."""

    name: str
    args: tuple[str, ...] = ()
    env: tuple[Variable, ...] = ()
    security_context: SecurityContext | None = None


class Terminated(_Wire, frozen=True):
    """How a container ended."""

    exit_code: int = 0


class State(_Wire, frozen=True):
    """Where a container is in its life."""

    terminated: Terminated | None = None


class ContainerStatus(_Wire, frozen=True):
    """What became of a container, now and the time before."""

    name: str
    restart_count: int = 0
    state: State = State()
    last_state: State = State()


class Metadata(_Wire, frozen=True):
    """Whose pod this is."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Spec(_Wire, frozen=True):
    """The pod's containers."""

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    host_network: bool = False


class Status(_Wire, frozen=True):
    """What became of the pod's init containers."""

    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(_Wire, frozen=True):
    """A pod."""

    metadata: Metadata
    spec: Spec = Spec()
    status: Status = Status()

    @property
    def title(self) -> str:
        """``namespace/name``, for people."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def proxy(self) -> Container | None:
        """The proxy, among the containers or as a native sidecar."""
        return self.container(_PROXY)

    def container(self, name: str) -> Container | None:
        """The container or init container of this name."""
        return next((each for each in (*self.spec.containers, *self.spec.init_containers) if each.name == name), None)
