"""What the injection webhook works with: the newest templates, values and mesh settings that could be read.

A ConfigMap that is malformed is logged with the key at fault, and the former one stays in use.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter

from isthmus.api.mesh_config import MeshConfig
from isthmus.control_plane.settings import Settings
from isthmus.derive.sources import Sources
from isthmus.inject.configuration import parse_config, parse_values
from isthmus.inject.errors import InjectionError
from isthmus.inject.settings import InjectionSettings
from isthmus.inject.webhook import Outcome

log = structlog.get_logger(__name__)

_KEYS = ("config", "values")


class Injection:
    """Gives ``inject.handlers`` its settings and counts what became of pods."""

    def __init__(self, settings: Settings, sources: Sources, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._sources = sources
        self._parsed: InjectionSettings | None = None
        self._problem = "there is no injection ConfigMap: install the istiod chart"
        self._seen: Mapping[str, str] = {}
        self._outcomes = {
            outcome: Counter(f"sidecar_injection_{outcome}", f"Pods with outcome {outcome}.", registry=registry)
            for outcome in Outcome
        }
        self._requests = Counter("sidecar_injection_requests", "Pods that were asked about.", registry=registry)

    def update(self, data: Mapping[str, str]) -> None:
        """Takes the ConfigMap's data, or the mounted files in its stead."""
        files = {key: self._settings.injection_directory / key for key in _KEYS}
        if all(file.is_file() for file in files.values()):
            data = {key: file.read_text() for key, file in files.items()}
        if data == self._seen:
            return
        self._seen = dict(data)
        try:
            config, values = parse_config(data.get("config", "")), parse_values(data.get("values", ""))
        except InjectionError as error:
            self._problem = str(error)
            log.warning("injection configuration not taken, the former one stays", problem=str(error))
        else:
            self._parsed = InjectionSettings(config=config, values=values, revision=self._settings.revision)

    def settings_for(self, environment: Mapping[str, str]) -> InjectionSettings:
        """The settings for pods that come with these variables; ``InjectionError`` while there are no templates."""
        if self._parsed is None:
            raise InjectionError(self._problem)
        mesh = self._sources.mesh.get("") or MeshConfig()
        cluster = environment.get("ISTIO_META_CLUSTER_ID", self._settings.cluster_id)
        kubelets = {
            key[1]: node.status.node_info.kubelet_version
            for key, node in self._sources.nodes.items()
            if key[0] == cluster
        }
        return msgspec.structs.replace(
            self._parsed, mesh=msgspec.to_builtins(mesh), environment=environment, kubelets=kubelets
        )

    def count(self, outcome: Outcome) -> None:
        """One pod was decided."""
        self._requests.inc()
        self._outcomes[outcome].inc()
