"""Settings of the operator's process, read once at start from flags and environment."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isthmus.control_plane.addresses import Address
from isthmus.operator.desired import Images

_VARIABLES = {
    "POD_NAMESPACE": "namespace",
    "POD_NAME": "pod_name",
    "HUB": "hub",
    "TAG": "tag",
    "DEFAULT_PROFILE": "default_profile",
    "LOG_LEVEL": "log_level",
}


class Settings(msgspec.Struct, frozen=True):
    """Everything that the process may be told. Empty `hub` and `tag` are those built in."""

    namespace: str = "istio-operator"
    pod_name: str = "istio-operator"
    hub: str = ""
    tag: str = ""
    default_profile: str = ""
    kubeconfig: str = ""
    context: str = ""
    http: Address | None = Address("", 8080)
    log_level: str = "info"

    @property
    def images(self) -> Images:
        """Where the images of what is installed come from."""
        return Images(self.hub, self.tag)


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables; empty ones count as not set."""
    given = {field: environment[name] for name, field in _VARIABLES.items() if environment.get(name)}
    return msgspec.structs.replace(Settings(), **given)
