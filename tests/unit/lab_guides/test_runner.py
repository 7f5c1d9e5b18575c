"""Guides stop where something is not as it must be, and say what was expected."""

import pytest

from isthmus.lab import guides
from isthmus.lab.guides import Check, Guide, Shell, Step
from isthmus.lab.guides.runner import disagreement


@pytest.fixture
def carry_out(tmp_path):
    def run(*steps):
        lines = []
        with Shell(tmp_path) as shell:
            failure = guides.run(Guide("G", "title", "topology", steps), steps, shell, lines.append)
        return failure, lines

    return run


def step(name, run, *see, **more):
    return Step(name=name, says=f"about {name}", run=run, see=see, **more)


def test_commands_and_their_output_are_shown_in_order(carry_out):
    failure, lines = carry_out(step("one", "echo first"), step("two", "echo \\\n  second"))
    assert failure is None
    assert lines == [
        "\n[1/2] one: about one",
        "$ echo first",
        "first",
        "✔ done",
        "\n[2/2] two: about two",
        "$ echo \\",
        ">   second",
        "second",
        "✔ done",
    ]


def test_a_failing_command_stops_the_guide(carry_out):
    failure, lines = carry_out(step("one", "echo oops; false"), step("two", "echo second"))
    assert failure.step == "one"
    assert failure.seen == "status 1\noops"
    assert "second" not in lines


def test_an_unexpected_output_stops_the_guide_and_says_what_was_expected(carry_out):
    failure, _ = carry_out(step("one", "echo blue", Check(says="The answer is red", output=("^red$",))))
    assert str(failure) == "step one\n  expected: The answer is red: a match of '^red$'\n  seen: blue"


def test_a_check_may_look_at_another_command(carry_out):
    failure, lines = carry_out(
        step("one", "echo 1 > file", Check(says="The file is there", run="cat file", output=("1",)))
    )
    assert failure is None
    assert lines[-1] == "✔ The file is there"


def test_a_check_is_repeated_as_long_as_the_guide_lets_time_pass(carry_out):
    count = "echo x >> file; grep -c x file"
    failure, _ = carry_out(step("one", "true", Check(says="Three", run=count, output=("^3$",), within=60)))
    assert failure is None


def test_a_check_that_fails_is_explained_once(carry_out):
    check = Check(says="Red", run="echo blue", output=("red",), within=0, explain="echo painted >> log; cat log")
    failure, _ = carry_out(step("one", "true", check))
    assert str(failure).endswith("seen: blue\n  to explain it:\npainted")


def test_a_step_begins_when_its_wait_is_over(carry_out):
    failure, _ = carry_out(
        step("one", "cat file", Check(says="It is there", output=("ready",)), wait="echo ready > file")
    )
    assert failure is None


def test_a_wait_that_fails_stops_the_guide(carry_out):
    failure, _ = carry_out(step("one", "true", wait="echo no address; false"))
    assert failure.expected == "`echo no address; false` to succeed within 120 s"


@pytest.mark.parametrize(
    ("check", "output", "expected"),
    [
        (Check(says="x", output=("v1", "v2")), "v1\nv2", ""),
        (Check(says="x", output=("v1", "v2")), "v1\nv1", "a match of 'v2'"),
        (Check(says="x", absent=("pending",)), "a <pending>", "no match of 'pending'"),
        (Check(says="x", output=("^v",), times=2), "v1\nv2", ""),
        (Check(says="x", output=("^v",), times=2), "v1", "2 matches of '^v', not 1"),
    ],
)
def test_a_disagreement_names_the_expression(check, output, expected):
    assert disagreement(check, output) == expected
