"""How programs in containers end."""

import pytest

from isthmus.kube.errors import KubeError, UnreachableError
from isthmus.kube.websocket import exit_code


def test_success_is_zero_and_a_failure_has_its_code() -> None:
    failed = (
        b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}'
    )
    assert exit_code(b'{"metadata":{},"status":"Success"}') == 0
    assert exit_code(failed) == 3


def test_a_program_that_could_not_start_is_an_error() -> None:
    with pytest.raises(KubeError, match="could not be run: no such file"):
        exit_code(b'{"status":"Failure","reason":"InternalError","message":"no such file","code":500}')


def test_a_stream_that_broke_is_not_taken_for_success() -> None:
    with pytest.raises(UnreachableError, match="before the program ended"):
        exit_code(b"")
