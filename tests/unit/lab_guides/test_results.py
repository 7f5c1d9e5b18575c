"""What is known of guides from the last time they were run."""

import datetime

import pytest

from isthmus.lab.guides import Failure, Guide, Results, Step
from isthmus.lab.guides.results import State

ONE, TWO = Step(name="one", says="First", run="a"), Step(name="two", says="Second", run="b", row="R2")
GUIDE = Guide("G", "title", "topology", (ONE, TWO), ("R1", "R2"))


@pytest.fixture
def results(tmp_path):
    return lambda: Results(tmp_path / "results", GUIDE)


def outcome(state: State):
    return state.state, state.step


def test_a_guide_that_was_never_run_is_told_as_such(results):
    assert results().state(GUIDE.steps) == State("never run")


def test_steps_that_all_passed_have_passed_with_time_and_length(results):
    results().ended(ONE, 1.5, None)
    results().ended(TWO, 2.5, None)
    state = results().state(GUIDE.steps)
    assert outcome(state) == ("passed", "")
    assert state.seconds == 4.0
    assert datetime.datetime.now(datetime.UTC) - state.when < datetime.timedelta(minutes=5)


def test_a_failure_names_the_step_and_what_was_expected(results):
    results().ended(ONE, 1, Failure("one", "a tick", "nothing"))
    state = results().state(GUIDE.steps)
    assert outcome(state) == ("failed", "one")
    assert state.expected == "a tick"


def test_a_run_that_was_stopped_names_the_step_that_comes_next(results):
    results().ended(ONE, 1, None)
    assert outcome(results().state(GUIDE.steps)) == ("incomplete", "two")


def test_a_row_has_the_result_of_its_own_steps(results):
    results().ended(ONE, 1, None)
    assert results().state(GUIDE.steps_of("R1")).state == "passed"
    assert results().state(GUIDE.steps_of("R2")).state == "never run"


def test_a_step_that_was_changed_since_counts_as_not_run(results, tmp_path):
    results().ended(ONE, 1, None)
    changed = Step(name="one", says="First", run="something else")
    assert outcome(results().state((changed,))) == ("incomplete", "one")


def test_a_new_run_forgets_what_it_will_show_again(results):
    results().ended(ONE, 1, None)
    results().ended(TWO, 1, None)
    results().begin((TWO,))
    assert outcome(results().state(GUIDE.steps)) == ("incomplete", "two")


def test_a_file_of_another_version_is_as_no_file(results, tmp_path):
    results().begin(())
    (tmp_path / "results" / "G.json").write_text('{"one": 1}')
    assert results().state(GUIDE.steps).state == "never run"
