"""What daemons are configured with, where it must agree with the network and among each other."""

import json
import tomllib
from pathlib import Path

import yaml

from isthmus.lab import addons, configuration, daemons, shell
from isthmus.lab.addresses import SLOTS, Plan, plan
from isthmus.lab.daemons import Site
from isthmus.lab.images import COREDNS, PAUSE
from isthmus.lab.layout import Layout
from isthmus.lab.topology import DEFAULT, generated, topology


def made(nodes: int = 1) -> Plan:
    return plan("lab", generated(2, 2, nodes), SLOTS[0])


def site(number: int = 0, nodes: int = 1) -> Site:
    return Site(made(nodes), made(nodes).nodes[number], Layout(Path("/lab")), {"etcd": Path("/cache/etcd")})


def test_containerds_configuration_is_toml_and_names_the_pause_image() -> None:
    document = tomllib.loads(configuration.containerd("/opt/cni/bin", "/node/container.json"))
    cri = document["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["sandbox_image"] == PAUSE
    assert cri["cni"]["bin_dir"] == "/opt/cni/bin"


def test_every_container_finds_the_nodes_trust_store_at_the_usual_place_and_keeps_its_other_mounts() -> None:
    default = json.dumps({"process": {"cwd": "/"}, "mounts": [{"destination": "/proc"}]})
    spec = json.loads(configuration.base_spec(default, "/lab/public/ca-certificates.crt"))
    assert [mount["destination"] for mount in spec["mounts"]] == ["/proc", "/etc/ssl/certs/ca-certificates.crt"]
    assert spec["mounts"][1]["source"] == "/lab/public/ca-certificates.crt"
    assert "ro" in spec["mounts"][1]["options"]
    document = tomllib.loads(configuration.containerd("/opt/cni/bin", "/node/container.json"))
    runtime = document["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]["runc"]
    assert runtime["base_runtime_spec"] == "/node/container.json"


def test_published_names_are_served_where_they_are_mounted() -> None:
    (deployment,) = [each for each in addons.objects(made(), Path("/lab/names")) if each["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "names"]
    (volume,) = [each for each in pod["volumes"] if each["name"] == "names"]
    assert volume["hostPath"]["path"] == "/lab/names"
    assert f"hosts {mount['mountPath']}/hosts" in configuration.corefile(made())


def test_pods_get_addresses_of_their_node() -> None:
    document = json.loads(configuration.cni(made().nodes[0]))
    assert document["plugins"][0]["ipam"]["ranges"] == [[{"subnet": "10.10.1.0/24"}]]


def test_pods_ask_the_dns_service_that_is_deployed() -> None:
    kubelet = yaml.safe_load(configuration.kubelet(made().nodes[0], "/ca.crt"))
    (service,) = [each for each in addons.objects(made(), Path("/lab/names")) if each["kind"] == "Service"]
    assert kubelet["clusterDNS"] == [service["spec"]["clusterIP"]]


def test_dns_runs_from_the_image_that_is_built() -> None:
    (deployment,) = [each for each in addons.objects(made(), Path("/lab/names")) if each["kind"] == "Deployment"]
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == COREDNS


def test_node_ports_are_open_on_the_lan_only() -> None:
    proxy = yaml.safe_load(configuration.kube_proxy(made(), made().nodes[0], "/kubeconfig"))
    assert proxy["nodePortAddresses"] == ["10.200.0.1/32"]
    assert proxy["mode"] == "nftables"


def test_every_api_server_has_a_name_in_every_cluster() -> None:
    text = configuration.corefile(made())
    assert "172.30.1.1 cluster1-api.lab.test" in text
    assert "172.30.2.1 cluster2-api.lab.test" in text


def test_only_the_first_node_runs_the_control_plane() -> None:
    first, second = site(0, nodes=2), site(1, nodes=2)
    names = [each.name for each in (*daemons.first(first), *daemons.second(first))]
    assert {"etcd", "kube-apiserver", "load-balancer"} <= set(names)
    names = [each.name for each in (*daemons.first(second), *daemons.second(second))]
    assert names == ["containerd", "kubelet", "kube-proxy"]


def test_programs_are_taken_from_the_cache_or_from_path() -> None:
    assert daemons.etcd(site()).command[0] == "/cache/etcd"
    assert daemons.containerd(site()).command[0] == "containerd"


def test_a_kubelet_says_where_its_node_stands() -> None:
    command = daemons.kubelet(site()).command
    labels = "topology.kubernetes.io/region=region1,topology.kubernetes.io/zone=region1-zone1"
    assert f"--node-labels={labels}" in command


def test_a_shell_has_the_names_that_the_guides_use() -> None:
    files = Layout(Path("/lab with space"))
    text = shell.exports(topology("external-control-plane"), files)
    assert "export PATH='/lab with space/bin':\"$PATH\"\n" in text
    for line in ("CTX_CLUSTER3=cluster3", "CTX_EXTERNAL_CLUSTER=cluster1", "REMOTE_CLUSTER_NAME=cluster2"):
        assert f"export {line}\n" in text
    assert "SECOND_CLUSTER" not in shell.exports(topology(DEFAULT), files)


def test_a_node_gets_every_program_that_its_network_names() -> None:
    document = json.loads(configuration.cni(made().nodes[0]))
    named = {plugin["type"] for plugin in document["plugins"]} | {document["plugins"][0]["ipam"]["type"]}
    assert named | {"loopback"} == set(configuration.CNI_PLUGINS)
