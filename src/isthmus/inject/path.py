"""What a webhook's path says about the cluster that calls: ``/inject/cluster/c2/net/n1``.

Knows: both spellings of the path. Does not know HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping

CLUSTER, NETWORK = "ISTIO_META_CLUSTER_ID", "ISTIO_META_NETWORK"

_PREFIX = "/inject"
_NAMES = {"cluster": CLUSTER, "net": NETWORK}
_OLD_SEPARATOR = ":ENV:"
_SLASH = "--slash--"  # a slash inside a value


def environment(path: str) -> Mapping[str, str]:
    """The proxy's variables that a path sets; a last key without value is ignored."""
    rest = path.removeprefix(_PREFIX).strip("/")
    if rest.startswith(_OLD_SEPARATOR):
        pairs = [part.partition("=")[::2] for part in rest.split(_OLD_SEPARATOR) if part]
    else:
        words = rest.split("/") if rest else []
        pairs = list(zip(words[::2], words[1::2], strict=False))
    return {_NAMES.get(key, key.upper()): value.replace(_SLASH, "/") for key, value in pairs if value}
