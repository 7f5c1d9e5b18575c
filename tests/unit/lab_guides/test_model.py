"""Guide files: what can be said in them, and how mistakes are told."""

import pytest

from isthmus.lab import guides
from isthmus.lab.guides import GuideError, workspace
from isthmus.shipped import shipped

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


def test_a_guide_may_edit_the_charts_that_it_installs_from(tmp_path):
    workspace.prepare(tmp_path / "guide", fresh=True)
    chart = tmp_path / "guide/install/kubernetes/helm/istio"
    before = (shipped("install") / "kubernetes/helm/istio/values.yaml").read_text()
    (chart / "values.yaml").write_text("edited: true\n")
    assert (shipped("install") / "kubernetes/helm/istio/values.yaml").read_text() == before
    assert (chart / "templates/istiod/deployment.yaml").is_file(), "its links lead to the charts of the workspace"


def test_parts_are_not_listed_as_guides(write):
    assert guides.names(write(G=guide(STEP), part="title: P\nsteps: []")) == ("G",)


def test_a_guide_without_rows_carries_out_the_one_of_its_name(write):
    assert guides.load(write(G=guide(STEP)), "G").rows == ("G",)


def test_steps_belong_to_the_row_that_was_begun_last(write):
    two = "{name: two, says: Second, run: x, row: B}"
    text = "rows: [A, B, C]\n" + guide(STEP, two, "{include: part}", "{include: more, row: C}")
    parts = {name: f"title: P\nsteps: [{{name: {name}, says: S, run: x}}]" for name in ("part", "more")}
    found = guides.load(write(G=text, **parts), "G")
    rows = {row: [step.name for step in found.steps_of(row)] for row in found.rows}
    assert rows == {"A": ["one"], "B": ["two", "part"], "C": ["more"]}


def test_a_row_without_steps_of_its_own_is_carried_out_by_all(write):
    found = guides.load(write(G="rows: [A, B]\n" + guide(STEP)), "G")
    assert found.steps_of("A") == found.steps_of("B") == found.steps


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (guide("{name: one, says: First, run: x, seen: y}"), "G.yaml in step one: .*seen"),
        (guide("{name: one, says: First}"), "G.yaml in step one: .*run"),
        (guide("{name: one, says: First, run: x, row: B}"), "step one: row B is not among its rows"),
        (guide("{include: nothing}"), "G.yaml: it includes nothing, but there is no nothing.yaml"),
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
