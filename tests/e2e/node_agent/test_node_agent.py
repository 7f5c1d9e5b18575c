"""Capture by the node agent on a real node: with containerd, the kubelet and the network's own plug-ins."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from isthmus.shipped import shipped

CONTEXT = "cluster1"
AGENT = ("-n", "istio-system", "daemonset/istio-cni-node")
INSTALL = ("istioctl", "install", "-y", "--context", CONTEXT, "--set", "profile=minimal")
STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata:
  name: sample
  labels: {istio-injection: enabled, pod-security.kubernetes.io/enforce: baseline}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: SPACE, labels: {app: NAME}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: curl, image: curlimages/curl, imagePullPolicy: IfNotPresent, command: [sleep, infinity]}
"""
HELLO = "http://helloworld.sample:5000/hello"


class Node:
    """The cluster with its one node, and the files that the node agent works on."""

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        node = lab.files.node(lab.plan.nodes[0].node.name)
        self.configuration: Path = node / "cni-config"
        self.programs: Path = node / "cni-programs"

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        return str(self.lab.kubectl(CONTEXT, *arguments, text=text))

    def get(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", "-o", "json", *arguments))
        return found

    def start(self, name: str, namespace: str = "sample") -> None:
        self.kubectl("apply", "-f", "-", text=POD.replace("NAME", name).replace("SPACE", namespace))

    def ready(self, name: str, namespace: str = "sample") -> None:
        self.kubectl("wait", "-n", namespace, "--for=condition=ready", f"pod/{name}", "--timeout=100s")

    def hello(self, pod: str, namespace: str = "sample") -> str:
        """What a pod is answered; the status of curl where there is no answer."""
        command = ("kubectl", "--context", CONTEXT, "exec", "-n", namespace, pod, "-c", "curl", "--")
        done = self.lab.run(*command, "curl", "-sS", "-i", "-m", "5", HELLO, check=False)
        return str(done.stdout + done.stderr)

    def until(self, wanted: Callable[[], Any], seconds: float = 45.0) -> Any:
        """The first true answer. Fails the test when there is none in time."""
        deadline = time.monotonic() + seconds
        while not (found := wanted()):
            assert time.monotonic() < deadline, f"waited for {wanted.__doc__ or wanted} for {seconds} s"
            time.sleep(0.2)
        return found

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in self.configuration.iterdir()}

    def install(self) -> None:
        """The mesh with its node agent, as far as it is not there."""
        if "istio-cni-node" not in self.kubectl("get", "daemonset", "-A"):
            self.lab.run(*INSTALL, "--set", "components.cni.enabled=true")
            self.kubectl("apply", "-f", "-", text=STRICT)
            self.kubectl("delete", "pods", "--all", "-n", "sample")  # of a mesh with another root


@pytest.fixture(scope="module")
def cluster(single: Any) -> Node:
    """A node whose network is as it was before any mesh came."""
    node = Node(single)
    node.kubectl("apply", "-f", "-", text=NAMESPACE)
    return node


@pytest.fixture
def node(cluster: Node) -> Node:
    """With the node agent, and with a server that was started while the agent was there."""
    cluster.install()
    deploy(cluster)
    return cluster


@pytest.fixture
def away(node: Node) -> Iterator[Callable[[], None]]:
    """The node agent is not on the node, though its DaemonSet is there; the call brings it back."""
    node.kubectl("patch", *AGENT, "-p", json.dumps(selector({"no": "where"})))
    node.kubectl("wait", "-n", "istio-system", "--for=delete", "pod", "-l", "k8s-app=istio-cni-node", "--timeout=30s")

    def back() -> None:
        node.kubectl("patch", *AGENT, "-p", json.dumps(selector({"no": None})))

    yield back
    back()
    node.kubectl("rollout", "status", *AGENT, "--timeout=30s")


def selector(labels: dict[str, str | None]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"nodeSelector": labels}}}}


def deploy(node: Node) -> None:
    """The sample server with one version."""
    sample = str(shipped("samples") / "helloworld/helloworld.yaml")
    for what in ("service=helloworld", "version=v1"):
        node.kubectl("apply", "-n", "sample", "-f", sample, "-l", what)
    node.kubectl("wait", "-n", "sample", "--for=condition=available", "deployment/helloworld-v1", "--timeout=100s")


def test_pods_without_any_right_are_captured_in_both_directions(node: Node) -> None:
    node.start("client")
    node.start("stranger", "kube-system")
    node.ready("client")
    node.ready("stranger", "kube-system")
    for pod in node.get("pods", "-n", "sample")["items"]:
        spec = pod["spec"]
        containers = [*spec["containers"], *spec["initContainers"]]
        assert spec["initContainers"][0]["name"] == "istio-validation"
        assert all("add" not in each.get("securityContext", {}).get("capabilities", {}) for each in containers)
    answer = node.until(lambda: "Hello version: v1" in (found := node.hello("client")) and found)
    assert "server: envoy" in answer, "the client's proxy was on the way"
    assert "Hello version" not in node.hello("stranger", "kube-system"), "the server's proxy wants mutual TLS"


def test_a_pod_waits_for_the_agent_instead_of_running_uncaptured(node: Node, away: Callable[[], None]) -> None:
    node.start("late")
    node.start("system", "kube-system")
    node.ready("system", "kube-system")

    def objection() -> str:
        """the plug-in's objection"""
        events = node.get("events", "-n", "sample", "--field-selector", "involvedObject.name=late")["items"]
        return " ".join(event["message"] for event in events if event["reason"] == "FailedCreatePodSandBox")

    assert "no node agent answers at /var/run/istio-cni/pluginevent.sock" in node.until(objection)
    away()
    node.ready("late")
    assert "server: envoy" in node.until(lambda: "Hello version: v1" in (found := node.hello("late")) and found)


def test_a_pod_that_slipped_through_is_held_by_its_validation_and_repaired(
    node: Node, away: Callable[[], None]
) -> None:
    (node.configuration / "10-lab.conflist").write_text(node.files()["10-lab.conflist.before-istio-cni"])
    node.start("early")

    def failed() -> bool:
        """a validation that ended with 126"""
        statuses = node.get("pod", "early", "-n", "sample")["status"].get("initContainerStatuses", [])
        states = [state for each in statuses for state in (each["state"], each.get("lastState", {}))]
        return any(state.get("terminated", {}).get("exitCode") == 126 for state in states)

    node.until(failed)
    away()
    node.ready("early")
    assert "server: envoy" in node.until(lambda: "Hello version: v1" in (found := node.hello("early")) and found)
    assert "istio-cni" in node.files()["10-lab.conflist"], "it is part of the rewritten file again"


def test_uninstalling_leaves_the_nodes_network_as_it_was(node: Node) -> None:
    before = node.files()["10-lab.conflist.before-istio-cni"]
    node.lab.run("istioctl", "uninstall", "--purge", "-y", "--context", CONTEXT)
    node.until(lambda: not (node.programs / "istio-cni").exists())
    assert node.files() == {"10-lab.conflist": before}
    node.start("after", "kube-system")
    node.ready("after", "kube-system")
