"""Envoy's API and Istio's wire protos as message classes of one private descriptor pool.

Knows: the descriptor set that the build wrote next to this file. Does not know what the messages mean.

``pb("envoy.config.cluster.v3.Cluster")`` is the class of that message. Classes come from a private pool,
so nothing here can clash with another distribution's generated modules. Messages of the default pool
(``google.protobuf.duration_pb2`` and friends) do not mix with them: take ``Any``, ``Duration`` and
``Struct`` from here, too.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from google.protobuf import descriptor_pb2, json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool

TYPE_PREFIX = "type.googleapis.com/"


@cache
def pool() -> DescriptorPool:
    """The private pool, loaded at first use (about 40 ms)."""
    result = DescriptorPool()
    encoded = (files(__package__) / "xds.binpb").read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(encoded).file:
        result.Add(file)
    return result


@cache
def pb(full_name: str) -> Any:
    """The message class with this full name; KeyError when the build did not include it."""
    return message_factory.GetMessageClass(pool().FindMessageTypeByName(full_name))


def type_url(message: Any) -> str:
    """The type URL of a message or a message class."""
    return TYPE_PREFIX + str(message.DESCRIPTOR.full_name)


def to_any(message: Any) -> Any:
    """The message inside a ``google.protobuf.Any``, serialised deterministically."""
    return pb("google.protobuf.Any")(type_url=type_url(message), value=message.SerializeToString(deterministic=True))


def to_dict(message: Any) -> dict[str, Any]:
    """Protobuf JSON of a message, with the proto's own field names."""
    result: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, descriptor_pool=pool()
    )
    return result


def from_dict(full_name: str, value: dict[str, Any]) -> Any:
    """A message from protobuf JSON; ``json_format.ParseError`` when it does not fit."""
    return json_format.ParseDict(value, pb(full_name)(), descriptor_pool=pool())
