"""A pod, and the mesh's settings, as the Go structs that Istio's templates were written against.

Knows: how Go names the fields of Kubernetes' API, and which zero value an unset field has.
Does not know templates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isthmus.gotemplate import Record

_INITIALISMS = {
    "apiVersion": "APIVersion",
    "uid": "UID",
    "fsGroup": "FSGroup",
    "dnsConfig": "DNSConfig",
    "dnsPolicy": "DNSPolicy",
    "httpGet": "HTTPGet",
    "httpHeaders": "HTTPHeaders",
    "tcpSocket": "TCPSocket",
    "grpc": "GRPC",
    "tty": "TTY",
    "csi": "CSI",
    "nfs": "NFS",
    "downwardAPI": "DownwardAPI",
}
_ZERO: Mapping[str, Any] = {
    **dict.fromkeys(("Name", "GenerateName", "Namespace", "UID", "Image", "ServiceAccountName", "NodeName"), ""),
    **dict.fromkeys(("Protocol", "HostIP", "Kind", "APIVersion", "Value", "MountPath", "WorkingDir"), ""),
    **dict.fromkeys(("SchedulerName", "RestartPolicy", "Hostname", "Subdomain", "PriorityClassName"), ""),
    **{name: {} for name in ("Labels", "Annotations", "NodeSelector")},
    **dict.fromkeys(("HostNetwork", "HostPID", "HostIPC", "ReadOnly"), False),
    **dict.fromkeys(("ContainerPort", "HostPort"), 0),
}
_MAPS = frozenset({"labels", "annotations", "nodeSelector", "limits", "requests", "matchLabels", "proxyMetadata"})
_MAPS_OF_TEXT = frozenset({"runtimeValues", "environmentVariables"})


def go_name(name: str) -> str:
    """The Go field of a JSON field."""
    return _INITIALISMS.get(name, name[:1].upper() + name[1:])


class GoStruct(Mapping[str, Any]):
    """A JSON object by Go's names. Every name is a field: what is not set has its zero value, else it is nil."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = source
        self._names = {go_name(name): name for name in source}

    def __getitem__(self, name: str) -> Any:
        if name in self._names:
            original = self._names[name]
            return go_value(original, self.source[original])
        return _ZERO.get(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name[:1].isupper()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def go_struct(type_name: str, source: Mapping[str, Any]) -> Record:
    """A record of a JSON object, as templates see one."""
    return Record(type_name, GoStruct(source))


def go_value(name: str, value: Any) -> Any:
    """The value of a field: structs for objects, maps where the API has maps, lists of either."""
    if isinstance(value, Mapping):
        return dict(value) if name in _MAPS | _MAPS_OF_TEXT else go_struct(go_name(name), value)
    if isinstance(value, list | tuple):
        return [go_value(name, element) for element in value]
    return value


def source_of(value: Any) -> Any:
    """The JSON that a template's value came from."""
    if isinstance(value, Record) and isinstance(value.fields, GoStruct):
        return value.fields.source
    return value
