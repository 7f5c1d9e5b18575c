"""A pod's surroundings as the agent finds them, in a temporary directory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isthmus.agent.environment import Arguments, read_settings
from isthmus.agent.settings import Settings

ReadSettings = Callable[..., Settings]


@pytest.fixture
def pod_settings(tmp_path: Path) -> ReadSettings:
    """Settings of a pod: keywords are variables, ``files`` are contents by path, ``proxy_config`` is JSON."""

    def read(
        arguments: Arguments | None = None,
        files: dict[str, str] | None = None,
        proxy_config: dict[str, Any] | None = None,
        **variables: str,
    ) -> Settings:
        for name, content in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        given = {
            "POD_NAME": "app-1",
            "POD_NAMESPACE": "sample",
            "SERVICE_ACCOUNT": "app",
            "INSTANCE_IP": "10.0.0.7",
            "ISTIO_META_CLUSTER_ID": "cluster1",
            "PROXY_CONFIG": json.dumps(proxy_config or {}),
            **variables,
        }
        return read_settings(arguments or Arguments(), given, tmp_path)

    return read
