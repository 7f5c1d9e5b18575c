"""Flags of the control plane that Istio's charts set."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from isthmus.cli.control_plane import control_plane
from isthmus.control_plane import process
from isthmus.control_plane.settings import Settings


def started(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Settings:
    """The settings that a command line starts the process with."""
    found: list[Settings] = []
    monkeypatch.setattr(process, "run", found.append)
    result = CliRunner().invoke(control_plane, arguments)
    assert result.exit_code == 0, result.output
    return found[0]


def test_the_age_of_streams_is_the_chart_s(monkeypatch: pytest.MonkeyPatch) -> None:
    assert started(monkeypatch, "discovery", "--keepaliveMaxServerConnectionAge", "45m").max_stream_age == 2700
    assert started(monkeypatch, "discovery").max_stream_age == 1800


def test_an_age_that_is_none_is_refused_by_name() -> None:
    result = CliRunner().invoke(control_plane, ["--keepaliveMaxServerConnectionAge", "soon"])
    assert result.exit_code == 2
    assert "'soon': expected a duration" in result.output
