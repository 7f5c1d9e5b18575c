"""Profiles of the operator's resources: the values that each starts from.

Knows which of them are profiles of the charts and which are platforms. Does not know charts' contents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.install.value_tree import Values, at, merged
from isthmus.operator.errors import SpecError

_VALUES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "demo": {"profile": "demo"},
    "empty": {},
    "external": {"profile": "external"},
    "openshift": {"global": {"platform": "openshift"}},
    "preview": {"profile": "preview"},
    "remote": {"profile": "remote"},
    "stable": {"profile": "stable"},
}


def with_profiles(values: Mapping[str, Any], *profiles: str) -> Values:
    """The values laid over those of the profiles, of which the later wins. Empty names are passed over.

    Raises SpecError for a profile of ambient mode.
    """
    result: Values = {}
    for name in filter(None, profiles):
        if name not in _VALUES:
            cure = "choose default, or openshift, and let workloads use sidecars"
            raise SpecError(f"spec.profile: {name} needs ztunnel, which Isthmus does not have; {cure}")
        result = merged(result, _VALUES[name])
    return merged(result, values)


def is_remote(values: Mapping[str, Any]) -> bool:
    """Report whether the control plane is in another cluster."""
    if at(values, "istiodRemote", "enabledLocalInjectorIstiod"):
        return False
    return values.get("profile") in ("remote", "external") or at(values, "istiodRemote", "enabled") is True
