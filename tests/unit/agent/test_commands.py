"""The small commands of the proxy image."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from isthmus import __version__
from isthmus.agent import commands, main


@pytest.fixture
def answering() -> Iterator[tuple[HTTPServer, list[int]]]:
    """An HTTP server whose answers have these statuses, the last one for ever."""
    statuses = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.end_headers()
            self.wfile.write(b"body")

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server, statuses
    server.shutdown()
    thread.join()
    server.server_close()


def test_wait_ends_when_the_proxy_is_ready(answering):
    server, statuses = answering
    statuses[:] = [503, 503, 200]
    assert commands.wait(["--url", f"http://127.0.0.1:{server.server_port}/ready", "--periodMillis", "1"]) == 0
    assert statuses == [200]


def test_wait_gives_up_in_time_and_says_what_stood_in_the_way(answering, capsys):
    server, statuses = answering
    statuses[:] = [503]
    url = f"http://127.0.0.1:{server.server_port}/ready"
    assert commands.wait(["--url", url, "--timeoutSeconds", "0"]) == 1
    assert f"{url} was not ready after 0 s: status 503: body" in capsys.readouterr().err


def test_requests_go_to_known_ports_only(capsys):
    with pytest.raises(SystemExit):
        commands.request(["--debug-port", "22", "GET", "/"])
    assert "invalid choice" in capsys.readouterr().err


def test_a_request_that_nobody_answers_fails_with_the_reason(capsys):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert commands.request(["--debug-port=15004", "GET", "stats"]) == 1
    assert "GET /stats at port 15004" in capsys.readouterr().err


def test_an_unknown_command_is_answered_with_those_there_are():
    with pytest.raises(SystemExit) as ended:
        main.main(["nonsense"])
    assert "proxy|istio-iptables" in str(ended.value)


def test_the_version_is_that_of_the_distribution(capsys):
    from importlib.metadata import version

    with pytest.raises(SystemExit):
        main.main(["version"])
    assert capsys.readouterr().out.strip() == __version__ == version("isthmus")
