"""What a CustomResourceDefinition says of a kind besides its fields."""

from __future__ import annotations

import msgspec

from isthmus.api.wire import Wire


class Column(msgspec.Struct, frozen=True):
    """One column of ``kubectl get``."""

    name: str
    path: str
    type: str = "string"
    description: str = ""
    priority: int = 0


AGE = Column(
    name="Age", path=".metadata.creationTimestamp", type="date", description="Time since the object was created."
)


class Rule(msgspec.Struct, frozen=True):
    """A rule in Kubernetes' expression language (CEL), and what is said when an object breaks it."""

    rule: str
    message: str


class Definition(msgspec.Struct, frozen=True):
    """Names, versions and schema of one kind.

    ``versions`` are all served, oldest first, with one schema; ``storage`` is the one kept in etcd. Without
    ``status`` a status may hold anything. ``rules`` are about the whole object. ``spec_defaulted`` says that an
    object without spec is given its defaults.
    """

    group: str
    kind: str
    plural: str
    spec: type[Wire]
    versions: tuple[str, ...]
    storage: str
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ("istio-io",)
    columns: tuple[Column, ...] = (AGE,)
    spec_required: bool = True
    spec_defaulted: bool = False
    namespaced: bool = True
    status: type[Wire] | None = None
    rules: tuple[Rule, ...] = ()

    @property
    def name(self) -> str:
        """The CRD's own name, ``gateways.networking.istio.io``."""
        return f"{self.plural}.{self.group}"

    @property
    def singular(self) -> str:
        """The kind in lower case."""
        return self.kind.lower()


def networking(kind: str, plural: str, spec: type[Wire], short_names: tuple[str, ...] = ()) -> Definition:
    """A kind of ``networking.istio.io`` with the versions and categories that most of the group have."""
    return Definition(
        group="networking.istio.io",
        kind=kind,
        plural=plural,
        spec=spec,
        versions=("v1alpha3", "v1beta1", "v1"),
        storage="v1",
        short_names=short_names,
        categories=("istio-io", "networking-istio-io"),
    )


def security(kind: str, plural: str, spec: type[Wire], short_names: tuple[str, ...] = ()) -> Definition:
    """A kind of ``security.istio.io`` with the versions and categories of the group."""
    return Definition(
        group="security.istio.io",
        kind=kind,
        plural=plural,
        spec=spec,
        versions=("v1beta1", "v1"),
        storage="v1",
        short_names=short_names,
        categories=("istio-io", "security-istio-io"),
        spec_required=False,
    )
