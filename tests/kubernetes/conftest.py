"""Real etcds and kube-apiservers for the tests in this directory, at most two per session."""

from collections.abc import Iterator

import pytest

from isthmus.lab import apiserver as api


@pytest.fixture(scope="session")
def apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[api.ApiServer]:
    """`url`, `authority` (PEM), `admin` (certificate and key, PEM) and `kubeconfig` (text) of a running API server."""
    with api.running(tmp_path_factory.mktemp("apiserver")) as server:
        yield server


@pytest.fixture(scope="session")
def far_apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[api.ApiServer]:
    """The API server of another cluster."""
    with api.running(tmp_path_factory.mktemp("far-apiserver")) as server:
        yield server
