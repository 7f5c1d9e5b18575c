"""Every guide, word for word, on real clusters."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isthmus.lab import guides
from isthmus.lab.down import down
from isthmus.lab.guides import workspace
from isthmus.lab.progress import Quiet
from isthmus.lab.topology import topology
from isthmus.lab.up import up

DIRECTORY = Path(__file__).parent
LAB = "guide"


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[guides.Guide]:
    """A fresh lab of the guide's topology; gone at the end of the test."""
    guide = guides.load(DIRECTORY, request.param)
    down(LAB, Quiet())
    up(LAB, topology(guide.topology), Quiet())
    yield guide
    down(LAB, Quiet())


@pytest.mark.timeout(900)
@pytest.mark.parametrize("lab", guides.names(DIRECTORY), indirect=True)
def test_every_step_of_the_guide_goes_as_printed(lab, tmp_path):
    workspace.prepare(tmp_path / "work", fresh=True)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with guides.Shell(tmp_path / "work", environment) as shell:
        assert shell.run(f'eval "$(isthmus lab env --name {LAB})"', print).status == 0
        assert guides.run(lab, lab.steps, shell, print) is None
