"""`isthmus lab guide --list` leaves no row out."""

import json

import pytest
from click.testing import CliRunner

from isthmus.cli.guide import guide
from isthmus.lab import guides
from isthmus.lab.guides import workspace
from isthmus.lab.layout import layout
from isthmus.lab.state import Record, write
from isthmus.lab.topology import topology

FILE = "title: T\ntopology: single\nrows: [S3, extra]\nsteps: [{name: one, says: First, run: 'true'}]"


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("ISTHMUS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("ISTHMUS_LAB", str(tmp_path / "labs"))
    monkeypatch.setattr(workspace, "guides_directory", lambda: tmp_path)
    (tmp_path / "G.yaml").write_text(FILE)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(guide, arguments)


def test_every_row_is_listed_and_one_without_a_guide_is_missing():
    rows = {each["row"]: each for each in json.loads(run("--list", "-o", "json").output)}
    assert rows.keys() == {row.name for row in guides.ROWS} | {"extra"}
    assert rows["S4"]["result"]["state"] == "missing"
    assert rows["S3"]["result"]["state"] == "never run"


def test_the_last_result_is_listed(places):
    found = guides.load(places, "G")
    guides.Results(places / "results", found).ended(found.steps[0], 3, None)
    line = next(line for line in run("--list").output.splitlines() if line.startswith("S3 "))
    assert "passed" in line
    assert line.endswith(", 3 s")


def test_a_lab_of_another_topology_is_refused_with_the_cure():
    write(layout("lab"), Record("lab", topology("multi-primary"), "172.30.0.0/16"))
    result = run("G")
    assert result.exit_code == 1
    assert "written for the topology single, but lab lab is a multi-primary" in result.output
    assert "isthmus lab down --name lab" in result.output


def test_without_a_lab_the_guide_says_how_to_get_one():
    assert "isthmus lab up" in run("G").output
