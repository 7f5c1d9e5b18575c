"""What one injection depends on besides the pod, as a frozen record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from isthmus.api.config import Config
from isthmus.api.proxy_config import ProxyConfig
from isthmus.inject.configuration import InjectorConfig
from isthmus.inject.native import AUTO


class InjectionSettings(msgspec.Struct, frozen=True):
    """One control plane's view at one moment.

    ``mesh`` is the merged MeshConfig as fields (``mesh_config_layers.merge``); ``values`` are the Helm values
    of the injector's ConfigMap; ``environment`` is what the webhook's path says; ``kubelets`` are versions by
    node of the cluster that the pod is in; ``proxy_configs`` are all ProxyConfig objects;
    ``process_environment`` is what templates may read by the function ``env``.
    """

    config: InjectorConfig
    values: Mapping[str, Any]
    mesh: Mapping[str, Any] = {}
    revision: str = ""
    environment: Mapping[str, str] = {}
    native_sidecars: str = AUTO
    kubelets: Mapping[str, str] = {}
    proxy_configs: tuple[Config[ProxyConfig], ...] = ()
    compliance_policy: str = ""
    process_environment: Mapping[str, str] = {}


def value(values: Mapping[str, Any], path: str, default: Any = "") -> Any:
    """A Helm value by its dotted path; the default where a part is missing or null."""
    found: Any = values
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            return default
    return found
