"""A controller manager that fills token Secrets, beside the session's API server."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from isthmus.lab import binaries
from isthmus.lab.apiserver import ApiServer


@pytest.fixture(scope="session")
def kubeconfig(apiserver: ApiServer) -> Path:
    return apiserver.directory / "kubeconfig"


@pytest.fixture(scope="session")
def token_controller(apiserver: ApiServer) -> Iterator[None]:
    """kube-controller-manager with the controllers of service accounts only."""
    program = binaries.ensure(("kube-controller-manager",))["kube-controller-manager"]
    directory = apiserver.directory
    command = [
        str(program),
        f"--kubeconfig={directory / 'kubeconfig'}",
        f"--service-account-private-key-file={directory / 'sa.key'}",
        f"--root-ca-file={directory / 'ca.crt'}",
        "--controllers=serviceaccount-token-controller,serviceaccount-controller",
        "--leader-elect=false",
        "--secure-port=0",
    ]
    with (directory / "kube-controller-manager.log").open("wb") as log:
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], stdout=log, stderr=log)
        try:
            yield
        finally:
            process.kill()
            process.wait()
