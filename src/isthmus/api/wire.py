"""Building blocks of wire forms: the base record, object metadata, and scalar types with their rules.

Does not know any kind. Wire forms decode with plain msgspec decoders (no hooks), ignore fields they do not
name, and compare by value, so an object whose named fields did not change is an unchanged row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import Meta

Labels = Mapping[str, str]
"""String map. Never mutated after decoding; compared by value."""

DURATION_PATTERN = r"^-?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+)$"
DURATION_FORM = "a duration with units, such as 500ms, 10s or 1h30m"
Duration = Annotated[str, Meta(pattern=DURATION_PATTERN, description=f"{DURATION_FORM.capitalize()}.")]
"""Text of a Go duration; well formed by decoding. ``duration.seconds`` gives its value."""

Groups = tuple[tuple[str, ...], ...]
PortNumber = Annotated[int, Meta(ge=0, le=65535)]
UInt32 = Annotated[int, Meta(ge=0, le=4294967295)]
Int32 = Annotated[int, Meta(ge=-2147483648, le=2147483647)]
Struct = Annotated[Mapping[str, Any], Meta(extra_json_schema={"x-kubernetes-preserve-unknown-fields": True})]
"""Free-form JSON object (a protobuf ``Struct``)."""


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of all wire records: immutable, camelCase on the wire, unknown fields ignored.

    ``at_most_one`` and ``exactly_one`` are groups of wire field names: the members of an Istio ``oneof``.
    ``isthmus.api.schema`` writes them into the CRDs and ``isthmus.validation`` reports them.
    """

    at_most_one: ClassVar[Groups] = ()
    exactly_one: ClassVar[Groups] = ()


class OwnerReference(Wire, frozen=True, kw_only=True):
    """Who created an object."""

    kind: str = ""
    name: str = ""
    controller: bool = False


class ObjectMeta(Wire, frozen=True, kw_only=True):
    """Metadata of a configuration object, as far as rows need it."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    creation_timestamp: str = ""
    labels: Labels = {}
    annotations: Labels = {}


S = TypeVar("S", bound=Wire)


class Object(Wire, Generic[S], frozen=True, kw_only=True):
    """An Istio object as the API server sends it. Decode with ``Decoder(Object[Gateway])``."""

    metadata: ObjectMeta = ObjectMeta()
    spec: S
