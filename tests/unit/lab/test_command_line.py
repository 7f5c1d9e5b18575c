"""`isthmus lab` refuses what makes no sense, and says what would."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from isthmus.cli.lab import lab
from isthmus.lab.addresses import SLOTS
from isthmus.lab.layout import layout
from isthmus.lab.state import Record, write
from isthmus.lab.topology import DEFAULT, topology


@pytest.fixture(autouse=True)
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISTHMUS_LAB", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(lab, arguments)


@pytest.mark.parametrize(
    "arguments", [("multi-primary", "--clusters", "2"), ("--networks", "2"), ("no-such-topology",)]
)
def test_contradictions_and_unknown_topologies_are_usage_errors(arguments: tuple[str, ...]) -> None:
    result = run("up", *arguments)
    assert result.exit_code == 2
    assert "Error: " in result.output


def test_the_environment_of_a_lab_that_is_not_there_says_how_to_get_one() -> None:
    result = run("env")
    assert result.exit_code == 1
    assert "isthmus lab up" in result.output


def test_another_name_is_answered_with_the_labs_there_are() -> None:
    write(layout("mine"), Record("mine", topology(DEFAULT), str(SLOTS[0])))
    assert "but mine" in run("env", "--name", "other").output


def test_the_environment_is_shell_text() -> None:
    write(layout("lab"), Record("lab", topology(DEFAULT), str(SLOTS[0])))
    assert "export CTX_CLUSTER2=cluster2\n" in run("env").output


@pytest.mark.parametrize("command", ["up", "down", "status", "env", "doctor"])
def test_every_command_shows_examples(command: str) -> None:
    assert "Example" in run(command, "--help").output
