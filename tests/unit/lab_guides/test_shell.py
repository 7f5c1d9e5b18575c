"""One bash for a whole guide."""

import pytest

from isthmus.lab.guides.shell import Shell


@pytest.fixture
def shell(tmp_path):
    with Shell(tmp_path) as session:
        yield session


def run(shell, command, **options):
    return shell.run(command, lambda _line: None, **options)


def test_what_one_command_exports_is_there_for_the_next(shell):
    run(shell, "export NAME=cluster1")
    assert run(shell, 'echo "${NAME}"').output == "cluster1"


def test_the_status_is_that_of_the_failing_part_of_a_pipeline(shell):
    assert run(shell, "false | cat").status == 1


def test_here_documents_and_continued_lines_work_as_printed(shell, tmp_path):
    outcome = run(shell, "cat <<EOF > file.yaml\nspec:\n  a: 1\nEOF\ncat \\\n  file.yaml")
    assert outcome.output == "spec:\n  a: 1"
    assert (tmp_path / "file.yaml").exists()


def test_an_answer_reaches_the_command_that_asks(shell):
    assert run(shell, 'read -r reply && echo "got $reply"', answer="y\n").output == "got y"


def test_a_command_that_reads_more_than_is_answered_gets_the_end_of_input(shell):
    assert run(shell, "cat").output == ""
    assert run(shell, "echo still here").output == "still here"


def test_both_outputs_arrive_line_by_line(shell):
    lines = []
    shell.run("echo out; echo error >&2; printf 'no newline'", lines.append)
    assert lines == ["out", "error", "no newline"]


def test_a_command_that_takes_too_long_has_no_status(shell):
    assert run(shell, "echo begun; read -r _ < <(tail -f /dev/null)", seconds=0.3).status is None


def test_a_command_that_ends_the_shell_has_no_status(shell):
    assert run(shell, "exit 3").status is None
