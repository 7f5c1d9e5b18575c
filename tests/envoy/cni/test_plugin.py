"""The CNI plug-in, run as a container runtime runs it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from isthmus.cni import plugin_socket
from isthmus.cni.request import Request

Run = Callable[..., subprocess.CompletedProcess[bytes]]

RESULT = {"cniVersion": "1.0.0", "ips": [{"address": "10.1.1.2/24"}], "routes": [], "dns": {"search": ["ä", "\\"]}}


def configuration(path: Path | str = "/nowhere/agent.sock", **changes: Any) -> bytes:
    document = {
        "cniVersion": "1.0.0",
        "name": "net",
        "type": "istio-cni",
        "agentSocket": str(path),
        "excludeNamespaces": ["kube-system", "istio-cni"],
        "connectSeconds": 0,
        "prevResult": RESULT,
    }
    return json.dumps({**document, **changes}).encode()


def error(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    assert done.returncode == 1
    found: dict[str, Any] = json.loads(done.stdout.decode(errors="replace"))
    return found


async def asked(path: Path, ask: Callable[[], subprocess.CompletedProcess[bytes]], answer: plugin_socket.Answer) -> Any:
    """What the plug-in gives while somebody answers at the socket."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        serving = asyncio.create_task(plugin_socket.serve(listener, answer))
        done = await asyncio.to_thread(ask)
        serving.cancel()
        return done


async def test_a_pod_is_added_as_soon_as_the_agent_agrees(plugin: Run, tmp_path: Path) -> None:
    questions: list[tuple[Request, bool]] = []
    own = os.open("/proc/self/ns/net", os.O_RDONLY)

    async def agree(request: Request, namespace: int) -> str:
        questions.append((request, os.fstat(namespace).st_ino == os.fstat(own).st_ino))
        return "ok"

    path = tmp_path / "s"
    done = await asked(path, lambda: plugin(configuration(path)), agree)
    assert (done.returncode, json.loads(done.stdout)) == (0, RESULT)
    os.close(own)
    assert questions == [(Request("ADD", "default", "web-1", "u1"), True)]


async def test_what_the_agent_objects_to_is_the_runtimes_error(plugin: Run, tmp_path: Path) -> None:
    async def object_to(_request: Request, _namespace: int) -> str:
        return 'the rules "failed":\n\tno iptables'

    path = tmp_path / "s"
    found = error(await asked(path, lambda: plugin(configuration(path)), object_to))
    assert (found["cniVersion"], found["code"]) == ("1.0.0", 11)
    assert found["details"] == 'the rules "failed":\n\tno iptables'


async def test_an_agent_that_has_a_bug_is_no_agreement(plugin: Run, tmp_path: Path) -> None:
    async def fail(_request: Request, _namespace: int) -> str:
        raise KeyError("bug")

    path = tmp_path / "s"
    assert error(await asked(path, lambda: plugin(configuration(path)), fail))["details"].startswith("internal error")


async def test_an_agent_that_does_not_answer_in_time_is_no_agreement(plugin: Run, tmp_path: Path) -> None:
    async def never(_request: Request, _namespace: int) -> str:
        await asyncio.Event().wait()
        return "ok"

    path = tmp_path / "s"
    found = error(await asked(path, lambda: plugin(configuration(path, answerSeconds=0)), never))
    assert "no answer within 0 s" in found["details"]


async def test_a_pod_waits_for_an_agent_that_is_being_replaced(plugin: Run, tmp_path: Path) -> None:
    async def agree(_request: Request, _namespace: int) -> str:
        return "ok"

    path = tmp_path / "s"
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(plugin, configuration(path, connectSeconds=30))
        assert (await asked(path, waiting.result, agree)).returncode == 0


def test_without_an_agent_no_pod_starts_and_the_cure_is_named(plugin: Run) -> None:
    found = error(plugin(configuration()))
    assert found["code"] == 11
    assert "no node agent answers at /nowhere/agent.sock" in found["details"]
    assert "istio-cni-node" in found["details"]


@pytest.mark.parametrize("namespace", ["kube-system", "istio-cni"])
def test_pods_of_excluded_namespaces_need_no_agent(plugin: Run, namespace: str) -> None:
    done = plugin(configuration(), CNI_ARGS=f"K8S_POD_NAME=x;K8S_POD_NAMESPACE={namespace};A=b")
    assert (done.returncode, json.loads(done.stdout)) == (0, RESULT)


@pytest.mark.parametrize("namespace", ["kube-syste", "kube-system2", "istio"])
def test_a_name_that_is_only_similar_is_not_excluded(plugin: Run, namespace: str) -> None:
    assert plugin(configuration(), CNI_ARGS=f"K8S_POD_NAMESPACE={namespace}").returncode == 1


def test_sandboxes_that_are_no_pods_need_no_agent(plugin: Run) -> None:
    assert json.loads(plugin(configuration(), CNI_ARGS="").stdout) == RESULT


@pytest.mark.parametrize("command", ["DEL", "GC", "STATUS"])
def test_taking_a_pod_down_needs_no_agent(plugin: Run, command: str) -> None:
    done = plugin(configuration(), command)
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_check_asks_the_agent_and_gives_no_result(plugin: Run) -> None:
    assert error(plugin(configuration(), "CHECK"))["code"] == 11
    done = plugin(configuration(), "CHECK", CNI_ARGS="K8S_POD_NAMESPACE=kube-system")
    assert (done.returncode, done.stdout) == (0, b"")


def test_the_plugin_tells_its_versions_to_runtimes_of_any_version(plugin: Run) -> None:
    found = json.loads(plugin(b'{"cniVersion": "9.0.0"}', "VERSION").stdout)
    assert found["supportedVersions"] == ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]
    assert json.loads(plugin(b'{"cniVersion": "0.4.0"}', "VERSION").stdout)["cniVersion"] == "0.4.0"


def test_the_only_plugin_of_a_network_gives_an_empty_result(plugin: Run) -> None:
    done = plugin(configuration(prevResult=None), CNI_ARGS="K8S_POD_NAMESPACE=kube-system")
    assert json.loads(done.stdout) == {"cniVersion": "1.0.0", "interfaces": [], "ips": [], "dns": {}}


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        (b"", {}, 6),
        (b"[]", {}, 6),
        (b'{"cniVersion": "1.0.0"', {}, 6),
        (b'{"cniVersion": "1.0.0"} x', {}, 6),
        (b"{" * 100000, {}, 6),
        (b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", {}, 6),
        (b" " * (2 << 20), {}, 6),
        (configuration(cniVersion="0.2.0"), {}, 1),
        (configuration(cniVersion=3), {}, 1),
        (configuration(), {"command": "UPDATE"}, 4),
        (configuration(), {"CNI_NETNS": ""}, 4),
        (configuration(), {"CNI_NETNS": "/nowhere"}, 5),
        (configuration("/" + "x" * 108), {}, 7),
        (configuration(agentSocket=7), {}, 7),
    ],
)
def test_bad_input_gets_the_specifications_error(
    plugin: Run, document: bytes, variables: dict[str, str], code: int
) -> None:
    assert error(plugin(document, **variables))["code"] == code


MEMBERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MEMBERS, st.dictionaries(st.text(), MEMBERS, max_size=4), st.booleans())
def test_any_result_is_passed_on_as_it_came(plugin: Run, value: Any, members: dict[str, Any], ascii_only: bool) -> None:
    result = {"value": value}
    document = {**members, "prevResult": result, "cniVersion": "1.0.0", "excludeNamespaces": ["kube-system"]}
    text = json.dumps(document, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    done = plugin(text, CNI_ARGS="K8S_POD_NAMESPACE=kube-system")
    assert done.returncode == 0, done
    assert json.loads(done.stdout.decode(errors="surrogatepass")) == result


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40), st.integers(min_value=0, max_value=300), st.integers(min_value=0, max_value=30))
@example(b"\\u12", 20, 0)
def test_damaged_input_never_crashes_the_plugin_nor_starts_a_pod(
    plugin: Run, damage: bytes, place: int, removed: int
) -> None:
    intact = configuration("/dev/null/no-directory")  # not worth waiting for
    text = intact[:place] + damage + intact[place + removed :]
    assert error(plugin(text))["msg"].startswith("istio-cni: "), "an error is told: no signal, no success"
