"""The plug-in as a program, compiled once for all tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from isthmus.lab.images.contexts import compile_program
from isthmus.shipped import shipped

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plug-in, compiled as for its image."""
    target = tmp_path_factory.mktemp("plugin") / "istio-cni"
    compile_program(shipped("images") / "install-cni" / "plugin", target)
    return target


@pytest.fixture
def plugin(program: Path) -> Run:
    """Runs the plug-in as a container runtime does: a configuration on standard input, CNI_ variables."""

    def run(configuration: bytes, command: str = "ADD", **variables: str) -> subprocess.CompletedProcess[bytes]:
        environment = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": "c1",
            "CNI_IFNAME": "eth0",
            "CNI_NETNS": "/proc/self/ns/net",
            "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-1;K8S_POD_UID=u1",
            **variables,
        }
        return subprocess.run(
            (program,), input=configuration, env=environment, capture_output=True, check=False, timeout=60
        )

    return run
