"""The files that Envoy reads beside its bootstrap: where its root and its token are.

Knows: Envoy's file form of a secret. Holds no secret itself: the files name other files, which rotate.
Envoy refuses to start when one of these is missing, so they are written before it (found by trial).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from isthmus.agent.bootstrap import bootstrap
from isthmus.agent.bootstrap_clusters import ROOT_SECRET, TOKEN_SECRET, uses_token
from isthmus.agent.settings import Settings


def files(settings: Settings) -> dict[Path, str]:
    """Paths and contents of the bootstrap and all that it refers to in its own directory."""
    secrets = _secrets(settings)
    result = {settings.paths.config / f"{secret['name']}.json": _file(secret) for secret in secrets}
    result[settings.paths.bootstrap] = json.dumps(bootstrap(settings), indent=1)
    return result


def write(settings: Settings) -> None:
    """Writes the files; the directory is made when it is missing."""
    settings.paths.config.mkdir(parents=True, exist_ok=True)
    for path, content in files(settings).items():
        path.write_text(content)


def _secrets(settings: Settings) -> list[dict[str, Any]]:
    if not uses_token(settings):
        return []
    token = {"name": TOKEN_SECRET, "generic_secret": {"secret": _watched(settings.paths.token)}}
    root = settings.discovery.root
    roots = {"trusted_ca": {"filename": str(root)}, "watched_directory": {"path": str(root.parent)}}
    return [token, {"name": ROOT_SECRET, "validation_context": roots}]


def _watched(path: Path) -> dict[str, Any]:
    """A data source that follows renames in its directory, as kubelet rotates a projected volume."""
    return {"filename": str(path), "watched_directory": {"path": str(path.parent)}}


def _file(secret: dict[str, Any]) -> str:
    resource = {"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", **secret}
    return json.dumps({"resources": [resource]})
