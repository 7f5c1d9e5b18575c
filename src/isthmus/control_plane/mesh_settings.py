"""The mesh's settings as they stand in ConfigMaps and mounted files, kept current in the graph.

A mounted file stands in for the ConfigMap of the same purpose (Istio's order). A malformed field is left out and
logged with its name; the rest goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import structlog

from isthmus.api import mesh_config_layers, mesh_networks
from isthmus.api.config import Problem, Problems
from isthmus.collections import Batch
from isthmus.control_plane.mesh_graph import MeshGraph
from isthmus.control_plane.settings import Settings
from isthmus.control_plane.watched_names import ConfigMaps
from isthmus.process.watched_files import WatchedFiles, read_text

log = structlog.get_logger(__name__)


class MeshSettings:
    """Puts the merged settings into the graph whenever one of their parts changes."""

    def __init__(self, settings: Settings, graph: MeshGraph, config_maps: ConfigMaps) -> None:
        self._settings = settings
        self._graph = graph
        self._config_maps = config_maps
        self._files = WatchedFiles((settings.mesh_config, settings.mesh_networks))
        self.fields: Mapping[str, Any] = {}
        """The merged MeshConfig as it was written, as injection templates read it."""
        self._problems: Problems = ()

    def update(self) -> None:
        """Reads all parts again."""
        settings, maps = self._settings, self._config_maps
        standard = maps.data(settings.mesh_config_map) or {}
        shared = (maps.data(settings.shared_mesh_config) or {}) if settings.shared_mesh_config else {}
        mesh_file, networks_file = read_text(settings.mesh_config), read_text(settings.mesh_networks)
        below, first = mesh_config_layers.layer(shared.get("mesh", ""), "shared")
        above, second = mesh_config_layers.layer(standard.get("mesh", "") if mesh_file is None else mesh_file, "mesh")
        networks_text = standard.get("meshNetworks", "") if networks_file is None else networks_file
        networks, third = mesh_networks.parse(networks_text or shared.get("meshNetworks", ""))
        self._note((*first, *second, *third))
        self.fields = mesh_config_layers.merge((below, above))
        batch = Batch()
        batch.put(self._graph.sources.mesh, "", mesh_config_layers.mesh_config((below, above)))
        batch.put(self._graph.sources.mesh_networks, "", networks)
        self._graph.host.apply(batch)

    async def follow_files(self) -> NoReturn:
        """Reads all parts again whenever a mounted one changes, for ever."""
        await self._files.follow(self.update)

    def _note(self, problems: tuple[Problem, ...]) -> None:
        for problem in problems:
            if problem not in self._problems:
                log.warning("mesh configuration", problem=str(problem))
        self._problems = problems
