"""Changes to headers, and what counts as a change of the host."""

from __future__ import annotations

from isthmus.api.http_policy import HeaderOperations, Headers
from isthmus.translate.values import Fields

_HOST_NAMES = frozenset({"host", ":authority"})
_SET = "OVERWRITE_IF_EXISTS_OR_ADD"
_ADD = "APPEND_IF_EXISTS_OR_ADD"


def header_fields(headers: Headers | None) -> Fields:
    """Fields that routes, weighted clusters and virtual hosts share. The host is not among them."""
    if headers is None:
        return {}
    return {**_operations("request", headers.request), **_operations("response", headers.response)}


def host_of(headers: Headers | None) -> str:
    """The host that a change of headers asks for; empty when it leaves the host alone."""
    wanted = headers.request.set if headers and headers.request else {}
    return next((value for name, value in wanted.items() if name.lower() in _HOST_NAMES), "")


def _operations(side: str, operations: HeaderOperations | None) -> Fields:
    if operations is None:
        return {}
    added = [
        {"header": {"key": name, "value": value}, "append_action": action}
        for action, values in ((_SET, operations.set), (_ADD, operations.add))
        for name, value in sorted(values.items())
        if name.lower() not in _HOST_NAMES
    ]
    found = {f"{side}_headers_to_add": added, f"{side}_headers_to_remove": list(operations.remove)}
    return {name: values for name, values in found.items() if values}
