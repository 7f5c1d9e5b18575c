"""Every guide, word for word, on real clusters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from isthmus.lab import guides
from isthmus.lab.down import down
from isthmus.lab.layout import layout
from isthmus.lab.paths import results_dir
from isthmus.lab.progress import Quiet
from isthmus.lab.topology import topology
from isthmus.lab.up import up

DIRECTORY = Path(__file__).parent


@pytest.fixture(scope="session")
def lab(worker_id: str) -> str:
    """The name of a lab of this process's own: guides wait for most of their time, so two are walked at once."""
    return "guide" if worker_id == "master" else f"guide{worker_id.removeprefix('gw')}"


@pytest.fixture
def guide(request: pytest.FixtureRequest, lab: str) -> Iterator[guides.Guide]:
    """A guide, with a fresh lab of its topology; that is gone at the end of the test."""
    found = guides.load(DIRECTORY, request.param)
    down(lab, Quiet())
    up(lab, topology(found.topology), Quiet())
    yield found
    down(lab, Quiet())


@pytest.mark.timeout(900)
@pytest.mark.parametrize("guide", guides.names(DIRECTORY), indirect=True)
def test_every_step_of_the_guide_goes_as_printed(guide, lab):
    place = guides.Place(layout(lab).guides / guide.name, results_dir(), f'eval "$(isthmus lab env --name {lab})"')
    failure = guides.walk(guide, guide.steps, place, print)
    assert failure is None, str(failure)


@pytest.mark.parametrize("row", [row.name for row in guides.ROWS])
def test_every_row_is_carried_out_by_a_guide(row):
    assert any(row in guides.load(DIRECTORY, name).rows for name in guides.names(DIRECTORY))
