"""Guide files: what can be said in them, and how mistakes are told."""

import pytest

from isthmus.lab import guides
from isthmus.lab.guides import GuideError, workspace

STEP = "{name: one, says: First, run: 'true'}"


@pytest.fixture
def write(tmp_path):
    def files(**contents):
        for name, content in contents.items():
            (tmp_path / f"{name}.yaml").write_text(content)
        return tmp_path

    return files


def guide(*steps):
    return f"title: T\ntopology: t\nsteps: [{', '.join(steps)}]"


def test_included_parts_are_in_their_place(write):
    directory = write(G=guide("{include: part}", STEP), part="title: P\nsteps: [{name: zero, says: S, run: x}]")
    assert [step.name for step in guides.load(directory, "G").steps] == ["zero", "one"]


def test_parts_are_not_listed_as_guides(write):
    assert guides.names(write(G=guide(STEP), part="title: P\nsteps: []")) == ("G",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (guide("{name: one, says: First, run: x, seen: y}"), "G.yaml in step one: .*seen"),
        (guide("{name: one, says: First}"), "G.yaml in step one: .*run"),
        (guide(STEP, STEP), "the step name one occurs twice"),
        (guide("{name: one, says: S, run: x, see: [{says: a, output: ['(']}]}"), r"step one: '\('"),
    ],
)
def test_a_mistake_names_the_file_or_guide_and_the_step(write, content, message):
    with pytest.raises(GuideError, match=message):
        guides.load(write(G=content), "G")


def test_an_unknown_guide_or_step_is_answered_with_the_known_ones(write):
    directory = write(G=guide(STEP))
    with pytest.raises(GuideError, match="there is no guide H; there are: G"):
        guides.load(directory, "H")
    with pytest.raises(GuideError, match="has no step two; it has: one"):
        guides.load(directory, "G").position("two")


def test_the_guides_of_the_project_can_be_read():
    directory = workspace.guides_directory()
    assert guides.names(directory)
    for name in guides.names(directory):
        assert guides.load(directory, name).steps
