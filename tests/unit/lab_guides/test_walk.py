"""Guides can be stopped and taken up again."""

import pytest

from isthmus.lab.guides import Guide, GuideError, Part, Place, Results, Step, walk


def step(name, run):
    return Step(name=name, says=f"about {name}", run=run)


GUIDE = Guide(
    "G", "t", "x", (step("one", "export A=1; mkdir d; cd d"), step("two", "pwd; echo A=$A"), step("three", "false"))
)


@pytest.fixture
def carry_out(tmp_path):
    def run(**part):
        lines = []
        place = Place(tmp_path / "files", tmp_path / "results", "true")
        return walk(GUIDE, Part(**part).steps(GUIDE), place, lines.append), lines

    return run


def test_a_guide_stops_after_or_before_a_step():
    assert [each.name for each in Part(until="two").steps(GUIDE)] == ["one", "two"]
    assert [each.name for each in Part(before="two").steps(GUIDE)] == ["one"]
    assert [each.name for each in Part(first="two", before="three").steps(GUIDE)] == ["two"]


@pytest.mark.parametrize("part", [{"before": "one"}, {"first": "three", "until": "two"}, {"first": "four"}])
def test_a_part_without_steps_is_an_error(part):
    with pytest.raises(GuideError, match="no step"):
        Part(**part).steps(GUIDE)


def test_a_later_part_goes_on_in_the_files_the_directory_and_the_environment_of_the_one_before(carry_out, tmp_path):
    carry_out(until="one")
    failure, lines = carry_out(first="two", until="two")
    assert failure is None
    assert str(tmp_path / "files" / "d") in lines
    assert "A=1" in lines


def test_a_run_from_the_beginning_starts_with_empty_files_and_no_environment(carry_out, tmp_path):
    carry_out(until="two")
    (tmp_path / "files" / "left").touch()
    carry_out(until="one")
    assert not (tmp_path / "files" / "left").exists()


def test_how_it_went_is_stored(carry_out, tmp_path):
    failure, _ = carry_out()
    assert failure.step == "three"
    assert Results(tmp_path / "results", GUIDE).state(GUIDE.steps).step == "three"


def test_a_shell_that_cannot_be_prepared_stops_before_the_first_step(tmp_path):
    place = Place(tmp_path / "files", tmp_path / "results", "echo no lab; false")
    failure = walk(GUIDE, GUIDE.steps, place, lambda _line: None)
    assert failure.seen == "no lab"
    assert Results(tmp_path / "results", GUIDE).state(GUIDE.steps).state == "never run"
