"""``isthmus control-plane --help`` names everything that the process can be told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest
from click.testing import CliRunner

from isthmus.cli.control_plane import control_plane
from isthmus.control_plane.api_servers import accesses_of
from isthmus.control_plane.settings import Settings, from_environment
from isthmus.control_plane.variables import variables
from isthmus.kube.errors import AccessError


class _Noticing(Mapping[str, str]):
    """An environment in which nothing is set, and which remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_each_variable_that_is_read_is_in_the_help(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    environment = _Noticing()
    from_environment(environment)
    with pytest.raises(AccessError):
        accesses_of(Settings(external=True, local_secrets=True), environment)
    assert {"CLUSTER_ID", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"} <= environment.asked
    assert environment.asked <= set(re.findall(r"^  ([A-Z][A-Z_]+)", _help(), re.MULTILINE))


def test_each_variable_is_explained() -> None:
    assert [name for name, meaning in variables().items() if not meaning] == []


def test_each_flag_is_in_the_help() -> None:
    told = _help()
    flags = {flag for parameter in control_plane.params for flag in parameter.opts if flag.startswith("--")}
    assert {"--system-namespace", "--log_output_level"} <= flags
    assert sorted(flag for flag in flags if flag not in told) == []


def _help() -> str:
    return CliRunner().invoke(control_plane, ["--help"], terminal_width=200, max_content_width=200).output
