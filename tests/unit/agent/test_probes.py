"""How kubelet's probes become calls to the application."""

from __future__ import annotations

from isthmus.agent.probes import exempt_source, http_call


def test_header_fields_of_kubelet_and_of_the_probe_are_passed_on():
    asked = {"path": "up", "port": 8080, "scheme": "HTTPS", "httpHeaders": [{"name": "X-Own", "value": "1"}]}
    call = http_call(asked, "10.0.0.7", {"user-agent": "kube-probe", "host": "x", "connection": "close"})
    assert (call.host, call.port, call.target, call.tls) == ("10.0.0.7", 8080, "/up", True)
    assert call.headers == {"user-agent": "kube-probe", "x-own": "1"}


def test_a_probes_own_host_is_respected():
    assert http_call({"host": "other", "port": 1}, "10.0.0.7", {}).host == "other"
    named = http_call({"port": 1, "httpHeaders": [{"name": "Host", "value": "site"}]}, "10.0.0.7", {})
    assert named.headers == {"host": "site"}


def test_calls_come_from_the_address_that_capture_leaves_alone():
    assert exempt_source("10.0.0.7") == "127.0.0.6"
    assert exempt_source("fd00::7") == "::6"
