"""What is told of steady requests, and what is concluded from it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from isthmus.lab.calls.call import Call, failures, longest_silence, parse
from isthmus.lab.calls.caller import PROGRAM


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/hello" else 503)
        self.end_headers()
        self.wfile.write(b"Hello version: v1, instance: here\n")

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[str]:
    http = HTTPServer(("127.0.0.1", 0), Hello)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def told(url: str) -> tuple[Call, ...]:
    command = (sys.executable, "-I", str(PROGRAM), url, "0.02", "30", "0.2")
    return parse(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def answer(began: float, version: str) -> Call:
    return Call(began, 0.0, 200, f"Hello version: {version}, instance: pod")


def test_the_program_tells_version_instance_and_time_of_each_answer(server: str) -> None:
    calls = told(f"{server}/hello")
    assert {(call.version, call.instance, call.status) for call in calls} == {("v1", "here", 200)}
    assert failures(calls) == ()
    assert all(call.ended >= call.began for call in calls)


def test_an_error_of_the_server_and_a_refused_connection_are_failures_with_their_words(server: str) -> None:
    assert {call.status for call in failures(told(f"{server}/broken"))} == {503}
    refused = failures(told("http://127.0.0.1:1/hello"))
    assert {(call.status, call.version) for call in refused} == {(0, "")}
    assert "ConnectionRefusedError" in refused[0].text


def test_a_line_that_is_half_written_is_left_out() -> None:
    assert [call.text for call in parse("2.0 0.1 200 'b'\n1.0 0.1 200 'a'\n3.0 0.")] == ["a", "b"]


def test_silence_is_the_longest_time_without_an_answer_of_a_version() -> None:
    calls = (answer(0, "v1"), answer(1, "v2"), answer(2, "v2"), answer(5, "v2"), answer(6, "v1"))
    assert longest_silence(calls, "v2") == 3
    assert longest_silence(calls, "v1") == 6
    assert longest_silence(calls, "v3") == float("inf")
