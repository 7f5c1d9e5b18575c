"""MeshConfig and ProxyConfig as the protobuf messages that Istio's templates were written against.

Knows: which fields are enumerations and wrapped values, whose Go types have methods.
Does not know templates or layers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.api.mesh_config import MeshConfig
from isthmus.api.proxy_settings import ProxySettings
from isthmus.gotemplate import Record
from isthmus.inject.go_values import go_name, go_value

_ENUMERATIONS = {"InterceptionMode": "interception_mode", "ControlPlaneAuthPolicy": "control_plane_auth_policy"}


def proxy_record(proxy: ProxySettings) -> Record:
    """``.ProxyConfig``. Carries its JSON, for ``protoToJSON``."""
    fields = _fields(proxy)
    for name, attribute in _ENUMERATIONS.items():
        fields[name] = _enumeration(getattr(proxy, attribute))
    fields["HoldApplicationUntilProxyStarts"] = _wrapped(proxy.hold_application_until_proxy_starts)
    fields["Concurrency"] = _wrapped(proxy.concurrency, unset=0)
    fields["ProxyMetadata"] = dict(proxy.proxy_metadata)
    return Record("*v1alpha1.ProxyConfig", fields, text=json_of(proxy))


def mesh_record(mesh: MeshConfig) -> Record:
    """``.MeshConfig``."""
    fields = _fields(mesh)
    fields["EnablePrometheusMerge"] = _wrapped(mesh.enable_prometheus_merge)
    fields["DefaultConfig"] = proxy_record(mesh.default_config)
    return Record("*v1alpha1.MeshConfig", fields, text=json_of(mesh))


def json_of(message: ProxySettings | MeshConfig) -> str:
    """The fields that differ from the defaults, as JSON."""
    return msgspec.json.encode(message, order="sorted").decode()


def _fields(message: ProxySettings | MeshConfig) -> dict[str, Any]:
    """All fields by Go's names, defaults as well."""
    result: dict[str, Any] = {}
    for field in msgspec.structs.fields(message):
        value = msgspec.to_builtins(getattr(message, field.name))
        result[go_name(field.encode_name)] = go_value(field.encode_name, value)
    return result


def _enumeration(name: str) -> Record:
    return Record("int32", methods={"String": lambda: name, "Number": lambda: name}, text=name)


def _wrapped(value: Any, unset: Any = False) -> Record:
    """A wrapper message or nil, both of which answer ``GetValue``."""
    known = unset if value is None else value
    text = "" if value is None else str(value)
    return Record("wrapper", {"Value": known}, {"GetValue": lambda: known}, text)
