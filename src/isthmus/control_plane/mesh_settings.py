"""The mesh's settings as they stand in ConfigMaps and mounted files, kept current in the graph.

A mounted file stands in for the ConfigMap of the same purpose (Istio's order); a change is taken up live. A
malformed field is left out and logged with its name; the rest goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from isthmus.api import mesh_config_layers, mesh_networks
from isthmus.api.config import Problem, Problems
from isthmus.collections import Batch
from isthmus.derive.sources import Sources

log = structlog.get_logger(__name__)


class MeshSettings:
    """Puts the merged settings into the graph whenever one of their parts changes."""

    def __init__(self, sources: Sources, apply: Callable[[Batch], object], files: tuple[Path, Path]) -> None:
        self._sources = sources
        self._apply = apply
        self._mesh_file, self._networks_file = files
        self.problems: Problems = ()

    def update(self, standard: Mapping[str, str], shared: Mapping[str, str]) -> None:
        """Takes the data of the standard ConfigMap and of the shared one (empty when there is none)."""
        mesh_texts = (("shared", shared.get("mesh", "")), ("mesh", self._text(self._mesh_file, standard, "mesh")))
        layers: list[mesh_config_layers.Layer] = []
        problems: list[Problem] = []
        for name, text in mesh_texts:
            layer, found = mesh_config_layers.layer(text, name)
            layers.append(layer)
            problems += found
        networks_text = self._text(self._networks_file, standard, "meshNetworks") or shared.get("meshNetworks", "")
        networks, found = mesh_networks.parse(networks_text)
        self._note((*problems, *found))
        batch = Batch()
        batch.put(self._sources.mesh, "", mesh_config_layers.mesh_config(layers))
        batch.put(self._sources.mesh_networks, "", networks)
        self._apply(batch)

    def _text(self, file: Path, data: Mapping[str, str], key: str) -> str:
        return file.read_text() if file.is_file() else data.get(key, "")

    def _note(self, problems: Problems) -> None:
        for problem in problems:
            if problem not in self.problems:
                log.warning("mesh configuration", problem=str(problem))
        self.problems = problems
