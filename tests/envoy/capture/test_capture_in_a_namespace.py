"""The rules in a real network namespace: a pod with a proxy's ports, and a peer on the other side of a link."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = str(Path(__file__).parent / "reach.py")
POD = {4: "10.99.0.1", 6: "fd99::1"}
PEER = {4: "10.99.0.2", 6: "fd99::2"}
APPLICATION, PROXY = 1000, 1337
TEMPLATE = ("-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", "", "-b", "*")
EXCLUDED = ("-d", "15090,15021,15020")


def run(*words: str, accepted: int = 0) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == accepted, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Namespace:
    name: str

    def run(self, *words: str, accepted: int = 0) -> str:
        return run("nsenter", f"--net=/run/netns/{self.name}", *words, accepted=accepted)

    def connect(self, uid: int, address: str, port: int, *source: str) -> str:
        return self.run(sys.executable, PROGRAM, "connect", str(uid), address, str(port), *source).strip()

    def capture(self, *words: str, accepted: int = 0) -> str:
        command = (sys.executable, "-m", "isthmus.agent.main", "istio-iptables")
        return self.run(*command, *TEMPLATE, *EXCLUDED, *words, accepted=accepted)

    def rules(self) -> str:
        saved = self.run("iptables-save") + self.run("ip6tables-save") + self.run("nft", "list", "ruleset")
        return "\n".join(line for line in saved.splitlines() if not line.startswith(("#", ":")))


@dataclass
class Pair:
    pod: Namespace
    peer: Namespace


@pytest.fixture
def pair() -> Iterator[Pair]:
    tag = uuid.uuid4().hex[:6]
    pod, peer = Namespace(f"pod-{tag}"), Namespace(f"peer-{tag}")
    for namespace in (pod, peer):
        run("ip", "netns", "add", namespace.name)
        namespace.run("ip", "link", "set", "lo", "up")
    link, other = f"p{tag}", f"q{tag}"
    run("ip", "-n", pod.name, "link", "add", link, "type", "veth", "peer", "name", other, "netns", peer.name)
    for namespace, name, addresses in ((pod, link, POD), (peer, other, PEER)):
        run("ip", "-n", namespace.name, "addr", "add", f"{addresses[4]}/24", "dev", name)
        run("ip", "-n", namespace.name, "addr", "add", f"{addresses[6]}/64", "dev", name, "nodad")
        run("ip", "-n", namespace.name, "link", "set", name, "up")
    yield Pair(pod, peer)
    for namespace in (pod, peer):
        run("ip", "netns", "del", namespace.name)


@pytest.fixture
def servers(pair: Pair) -> Iterator[None]:
    """A proxy with an application in the pod, and an application at the peer."""
    ports = {pair.pod: ("15001", "15006", "15020", "8080"), pair.peer: ("8080",)}
    running = []
    for namespace, opened in ports.items():
        command = ("nsenter", f"--net=/run/netns/{namespace.name}", sys.executable, PROGRAM, "accept", *opened)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        running.append(process)
    yield
    for process in running:
        process.kill()
        process.communicate()


pytestmark = pytest.mark.usefixtures("servers")
LANGUAGES = pytest.mark.parametrize("language", [(), ("--native-nftables",)], ids=["iptables", "nftables"])
FAMILIES = pytest.mark.parametrize("family", [4, 6])


@LANGUAGES
@FAMILIES
def test_both_directions_are_captured_and_the_proxy_is_not(pair, family, language):
    pair.pod.capture(*language)
    outbound = pair.pod.connect(APPLICATION, PEER[family], 8080)
    assert outbound == f"15001 {PEER[family]} 8080", "the application calls out: the proxy gets it"
    inbound = pair.peer.connect(APPLICATION, POD[family], 8080)
    assert inbound == f"15006 {POD[family]} 8080", "the peer calls in: the proxy gets it"
    own = pair.pod.connect(PROXY, PEER[family], 8080)
    assert own == f"8080 {PEER[family]} 8080", "the proxy calls out: no loop"


@LANGUAGES
@FAMILIES
def test_within_the_pod_only_the_proxy_meets_the_proxy(pair, family, language):
    pair.pod.capture(*language)
    loopback = {4: "127.0.0.1", 6: "::1"}[family]
    assert pair.pod.connect(PROXY, loopback, 8080).startswith("8080 "), "the proxy hands over to the application"
    assert pair.pod.connect(PROXY, POD[family], 8080) == f"15006 {POD[family]} 8080", "a call to the own service"
    assert pair.pod.connect(APPLICATION, POD[family], 8080).startswith("8080 "), "a process calls itself"


@LANGUAGES
@FAMILIES
def test_the_proxys_own_ports_are_reached_directly(pair, family, language):
    pair.pod.capture(*language)
    assert pair.peer.connect(APPLICATION, POD[family], 15020) == f"15020 {POD[family]} 15020"


@LANGUAGES
@FAMILIES
def test_the_pass_through_source_reaches_the_application(pair, family, language):
    pair.pod.capture(*language)
    source = {4: "127.0.0.6", 6: "::6"}[family]
    assert pair.pod.connect(PROXY, POD[family], 8080, source).startswith("8080 ")


@LANGUAGES
def test_a_second_run_changes_nothing(pair, language):
    pair.pod.capture(*language)
    first = pair.pod.rules()
    pair.pod.capture(*language)
    assert _without_counters(pair.pod.rules()) == _without_counters(first)


@LANGUAGES
def test_rules_of_other_settings_are_replaced(pair, language):
    pair.pod.capture(*language, "-c", "eth7", "--drop-invalid")
    pair.pod.capture(*language, "-o", "8080")
    assert pair.pod.connect(APPLICATION, PEER[4], 8080) == f"8080 {PEER[4]} 8080"
    assert "ISTIO_DROP" not in pair.pod.rules()


@LANGUAGES
def test_clean_up_leaves_no_rule(pair, language):
    before = pair.pod.rules()
    pair.pod.capture(*language, "-m", "TPROXY", "-c", "eth7")
    pair.pod.capture(*language, "-m", "TPROXY", "-c", "eth7", "--cleanup-only")
    left = [line for line in pair.pod.rules().splitlines() if "ISTIO" in line or "istio" in line]
    assert left == []
    assert "eth7" not in pair.pod.rules()
    assert "eth7" not in before


@LANGUAGES
def test_validation_tells_captured_pods_from_others(pair, language):
    words = (*TEMPLATE, *EXCLUDED, "-z", "15016", *language)
    check = (sys.executable, PROGRAM, "capture", str(PROXY), *words, "--skip-rule-apply", "--run-validation")
    pair.pod.run(*check, accepted=126)
    pair.pod.capture("-z", "15016", *language)
    pair.pod.run(*check)


@LANGUAGES
@FAMILIES
def test_transparent_capture_keeps_the_clients_address(pair, family, language):
    pair.pod.capture("-m", "TPROXY", *language)
    script = f"""
import socket
family = socket.AF_INET6 if {family} == 6 else socket.AF_INET
listener = socket.socket(family, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
option = (socket.IPPROTO_IPV6, 75) if {family} == 6 else (socket.IPPROTO_IP, 19)
listener.setsockopt(*option, 1)
listener.bind(({"::" if family == 6 else "0.0.0.0"!r}, 15016))
listener.listen()
print("ready", flush=True)
connection, peer = listener.accept()
connection.sendall(f"{{connection.getsockname()[:2]}} {{peer[0]}}".encode())
"""
    pair.pod.capture("-m", "TPROXY", "-z", "15016", *language)
    command = ("nsenter", f"--net=/run/netns/{pair.pod.name}", sys.executable, "-c", script)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        assert proxy.stdout.readline() == "ready\n"
        answer = pair.peer.connect(APPLICATION, POD[family], 8080)
    assert answer == f"('{POD[family]}', 8080) {PEER[family]}"


def _without_counters(rules: str) -> str:
    return re.sub(r"counter packets \d+ bytes \d+|\[\d+:\d+\]", "", rules)


def test_the_tests_run_as_root():
    assert os.geteuid() == 0, "namespaces need root"
