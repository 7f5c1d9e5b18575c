"""A lab of two isolated clusters is what users run: real pods, services, DNS, addresses, and walls between networks."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from isthmus.lab import faults
from isthmus.lab.progress import Quiet
from isthmus.lab.state import require
from isthmus.lab.up import up

HELLO = """
apiVersion: v1
kind: Namespace
metadata: {name: lab-test}
---
apiVersion: v1
kind: Service
metadata: {name: hello, namespace: lab-test}
spec: {type: LoadBalancer, selector: {app: hello}, ports: [{port: 5000}]}
---
apiVersion: v1
kind: Pod
metadata: {name: hello, namespace: lab-test, labels: {app: hello}}
spec:
  containers:
  - {name: hello, image: docker.io/istio/examples-helloworld-v1:1.0, imagePullPolicy: IfNotPresent}
  - {name: curl, image: docker.io/curlimages/curl:latest, imagePullPolicy: IfNotPresent, command: [sleep, infinity]}
"""
CURL = ("curl", "--silent", "--show-error", "--max-time", "2")


@pytest.fixture(scope="module")
def hello(lab) -> Iterator[dict[str, str]]:
    """A pod behind a LoadBalancer service in each cluster; the value is each cluster's address."""
    for context in lab.contexts:
        lab.kubectl(context, "apply", "-f", "-", text=HELLO)
    for context in lab.contexts:
        lab.kubectl(context, "-n", "lab-test", "wait", "--for=condition=Ready", "pod/hello", "--timeout=60s")
        wait = "--for=jsonpath={.status.loadBalancer.ingress}"
        lab.kubectl(context, "-n", "lab-test", "wait", wait, "service/hello", "--timeout=30s")
    yield {
        context: field(lab, context, "service/hello", "{.status.loadBalancer.ingress[0].ip}")
        for context in lab.contexts
    }
    for context in lab.contexts:
        lab.kubectl(context, "delete", "namespace", "lab-test", "--wait=false")


def field(lab, context: str, name: str, path: str) -> str:
    return lab.kubectl(context, "-n", "lab-test", "get", name, "-o", f"jsonpath={path}")


def call(lab, context: str, *arguments: str):
    """curl from the pod of a cluster."""
    pod = ("exec", "hello", "-c", "curl", "--", *CURL, *arguments)
    return lab.run("kubectl", "--context", context, "-n", "lab-test", *pod, check=False)


def test_every_node_is_ready_and_says_where_it_stands(lab) -> None:
    for number, context in enumerate(lab.contexts, start=1):
        nodes = json.loads(lab.kubectl(context, "get", "nodes", "-o", "json"))["items"]
        assert [node["metadata"]["labels"]["topology.kubernetes.io/region"] for node in nodes] == [f"region{number}"]
        conditions = {each["type"]: each["status"] for node in nodes for each in node["status"]["conditions"]}
        assert conditions["Ready"] == "True"


def test_a_load_balancer_address_answers_from_the_host_and_from_the_other_cluster(lab, hello) -> None:
    for here, there in zip(lab.contexts, reversed(lab.contexts), strict=True):
        assert "Hello version: v1" in lab.run(*CURL, f"http://{hello[here]}:5000/hello").stdout
        assert "Hello version: v1" in call(lab, there, f"http://{hello[here]}:5000/hello").stdout


def test_a_pod_of_another_network_is_out_of_reach_although_its_address_is_known(lab, hello) -> None:
    addresses = {context: field(lab, context, "pod/hello", "{.status.podIP}") for context in lab.contexts}
    assert {address.rsplit(".", 1)[0] for address in addresses.values()} == {"10.10.1"}, "the ranges overlap"
    image = ("--image=busybox", "--image-pull-policy=IfNotPresent")
    server = ("sh", "-c", "mkdir -p /srv && echo foreign >/srv/who && exec httpd -f -p 5000 -h /srv")
    lab.kubectl(lab.contexts[1], "-n", "lab-test", "run", "other", *image, "--", *server)
    lab.kubectl(lab.contexts[1], "-n", "lab-test", "wait", "--for=condition=Ready", "pod/other", "--timeout=60s")
    foreign = field(lab, lab.contexts[1], "pod/other", "{.status.podIP}")
    started = ("--retry", "5", "--retry-connrefused")
    assert call(lab, lab.contexts[1], *started, f"http://{foreign}:5000/who").stdout == "foreign\n"
    answer = call(lab, lab.contexts[0], f"http://{foreign}:5000/who")
    assert "foreign" not in answer.stdout
    own = lab.kubectl(lab.contexts[0], "get", "pods", "-A", "-o", "jsonpath={.items[*].status.podIP}").split()
    if foreign not in own:
        assert answer.returncode == 7, "refused at once"


def test_api_servers_have_one_url_for_hosts_and_pods(lab, hello) -> None:
    for cluster in lab.plan.clusters:
        authority = lab.files.pki(cluster.cluster.name) / "ca.crt"
        versions = lab.run(*CURL, "--cacert", str(authority), f"{cluster.api_url}/version").stdout
        for context in lab.contexts:
            assert call(lab, context, "--insecure", f"{cluster.api_url}/version").stdout == versions
            assert call(lab, context, "--insecure", f"https://{cluster.api_name}:6443/version").stdout == versions


def test_services_have_names_and_the_outside_has_none(lab, hello) -> None:
    for name in ("hello", "hello.lab-test", "hello.lab-test.svc.cluster.local"):
        assert "Hello version: v1" in call(lab, lab.contexts[0], f"http://{name}:5000/hello").stdout
    assert call(lab, lab.contexts[0], "http://example.com/").returncode == 6, "no such name"


def test_an_address_outside_the_range_is_refused_with_an_event_that_names_the_range(lab, hello) -> None:
    context = lab.contexts[0]
    patch = '{"spec": {"loadBalancerIP": "192.0.2.7"}}'
    lab.kubectl(context, "-n", "lab-test", "create", "service", "loadbalancer", "stray", "--tcp=80")
    lab.kubectl(context, "-n", "lab-test", "patch", "service", "stray", "-p", patch)
    events = ("get", "events", "--watch", "--field-selector=reason=NoAddress", "-o", "jsonpath={.message}{'\\n'}")
    command = ("kubectl", "--context", context, "-n", "lab-test", *events)
    with subprocess.Popen(command, env=lab.env, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        message = watch.stdout.readline()
        watch.kill()
    assert "192.0.2.7" in message
    assert "172." in message


def test_a_cut_link_stops_calls_between_clusters_until_it_is_healed(lab, hello) -> None:
    record = require("e2e")
    one, two = lab.contexts
    faults.cut(record, one, two)
    assert call(lab, one, f"http://{hello[two]}:5000/hello").returncode == 28
    assert call(lab, two, f"http://{hello[one]}:5000/hello").returncode == 28
    assert "Hello" in lab.run(*CURL, f"http://{hello[one]}:5000/hello").stdout, "the host still reaches both"
    faults.cut(record, one, two, one_way=True)
    assert call(lab, one, f"http://{hello[two]}:5000/hello").returncode == 28
    assert "Hello" in call(lab, two, f"http://{hello[one]}:5000/hello").stdout
    assert faults.heal(record) == faults.Links()
    assert "Hello" in call(lab, one, f"http://{hello[two]}:5000/hello").stdout


def test_traffic_goes_on_while_an_api_server_is_down_and_a_second_up_starts_it(lab, hello) -> None:
    record = require("e2e")
    one, two = lab.contexts
    faults.stop_api(record, two)
    assert lab.run("isthmus", "lab", "status", "--name", "e2e", check=False).returncode == 1
    assert "Hello" in call(lab, one, f"http://{hello[two]}:5000/hello").stdout
    up("e2e", None, Quiet())
    assert "Hello" in call(lab, two, f"http://{hello[one]}:5000/hello").stdout
    assert lab.run("isthmus", "lab", "status", "--name", "e2e").returncode == 0
