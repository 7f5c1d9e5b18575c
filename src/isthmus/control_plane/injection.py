"""What injections depend on, current at every moment: templates, values, mesh, nodes, ProxyConfig objects.

Does not know how a pod is injected (``isthmus.inject``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter

from isthmus.api.config import Config, row
from isthmus.api.proxy_config import ProxyConfig
from isthmus.api.wire import Object
from isthmus.control_plane.background import Background
from isthmus.control_plane.mesh_graph import MeshGraph
from isthmus.control_plane.named_objects import NamedObjects
from isthmus.control_plane.settings import Settings
from isthmus.control_plane.watched_names import ConfigMaps
from isthmus.inject.configuration import InjectorConfig, parse_config, parse_values
from isthmus.inject.errors import InjectionError
from isthmus.inject.path import CLUSTER
from isthmus.inject.settings import InjectionSettings
from isthmus.inject.webhook import Outcome
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.kube.reflector import Reflector, Source
from isthmus.process.watched_files import WatchedFiles, read_text

log = structlog.get_logger(__name__)


class Templates(msgspec.Struct, frozen=True):
    """The two keys of the injector's ConfigMap, parsed."""

    config: InjectorConfig
    values: Mapping[str, Any]


class InjectionSource:
    """Takes templates from the mounted directory when both files are there, else from the ConfigMap.

    Malformed ones are logged, and the former ones kept.
    """

    def __init__(self, settings: Settings, graph: MeshGraph, config_maps: ConfigMaps) -> None:
        self._settings = settings
        self._graph = graph
        self._config_maps = config_maps
        directory = settings.injection_directory
        self._paths: tuple[Path, Path] = (directory / "config", directory / "values")
        self._files = WatchedFiles(self._paths)
        self._proxy_configs: NamedObjects[Object[ProxyConfig]] = NamedObjects(lambda: None)
        self._templates: Templates | None = None
        self._texts: tuple[str, str] | None = None
        self._problem = ""
        self._observers: list[Callable[[], None]] = []

    def observe(self, observer: Callable[[], None]) -> None:
        """Calls the observer whenever there are other templates or values."""
        self._observers.append(observer)

    def update(self) -> None:
        """Reads the templates again if they changed."""
        texts = self._read()
        if texts is None:
            self._note("injection templates are missing", f"{self._origin} does not exist")
        elif texts != self._texts:
            self._texts = texts
            self._take(*texts)

    def _take(self, config: str, values: str) -> None:
        try:
            self._templates = Templates(parse_config(config), parse_values(values))
        except InjectionError as error:
            self._note("injection templates not taken, the former ones stay in use", f"{self._origin}: {error}")
            return
        self._problem = ""
        for observer in self._observers:
            observer()

    def _note(self, event: str, problem: str) -> None:
        if problem != self._problem:
            log.warning(event, problem=problem)
        self._problem = problem

    def settings_for(self, mesh: Callable[[], Mapping[str, Any]]) -> Callable[[Mapping[str, str]], InjectionSettings]:
        """What the webhook asks for: settings by the variables of the path that was called."""

        def current(environment: Mapping[str, str]) -> InjectionSettings:
            if self._templates is None:
                raise InjectionError(self._problem or f"{self._origin} has not been read yet")
            settings = self._settings
            return InjectionSettings(
                config=self._templates.config,
                values=self._templates.values,
                mesh=mesh(),
                revision=settings.revision,
                environment=environment,
                native_sidecars=settings.native_sidecars,
                kubelets=self._kubelets(environment.get(CLUSTER, settings.cluster_id)),
                proxy_configs=self._rows(),
                compliance_policy=settings.compliance_policy,
                process_environment=settings.environment,
            )

        return current

    def templates(self) -> Mapping[str, str]:
        """Template texts by name, for the debug page."""
        return self._templates.config.templates if self._templates else {}

    def values(self) -> Mapping[str, Any]:
        """The Helm values that templates see."""
        return self._templates.values if self._templates else {}

    def start(self, client: Client, background: Background) -> None:
        """Watches from now on."""
        source = Source(kinds.PROXY_CONFIG, Object[ProxyConfig], optional=True)
        background.keep("ProxyConfig objects", Reflector(client, source, self._proxy_configs).run)
        background.keep("injection files", partial(self._files.follow, self.update))
        self.update()

    @property
    def _origin(self) -> str:
        return f"ConfigMap {self._settings.namespace}/{self._settings.injection_config_map}"

    def _read(self) -> tuple[str, str] | None:
        config, values = (read_text(path) for path in self._paths)
        if config is not None and values is not None:
            return config, values
        data = self._config_maps.data(self._settings.injection_config_map)
        return None if data is None else (data.get("config", ""), data.get("values", "{}"))

    def _kubelets(self, cluster: str) -> dict[str, str]:
        nodes = self._graph.sources.nodes
        found = ((key[1], nodes.get(key)) for key in nodes.partition(cluster))
        return {name: node.status.node_info.kubelet_version for name, node in found if node is not None}

    def _rows(self) -> tuple[Config[ProxyConfig], ...]:
        return tuple(row(self._settings.cluster_id, item) for item in self._proxy_configs.objects.values())


class InjectionCounters:
    """How injections ended, by Istio's names."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str) -> Counter:
            return Counter(f"sidecar_injection_{name}", text, registry=registry)

        self._requests = counter("requests", "Pods that the webhook was asked about.")
        self._outcomes = {
            Outcome.INJECTED: counter("success", "Pods that were injected."),
            Outcome.SKIPPED: counter("skip", "Pods that were left as they are."),
            Outcome.FAILED: counter("failure", "Pods that were refused because they could not be injected."),
        }

    def count(self, outcome: Outcome) -> None:
        """One request was answered."""
        self._requests.inc()
        self._outcomes[outcome].inc()
