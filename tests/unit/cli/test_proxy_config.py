"""``proxy-config`` from files, as a user calls it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from isthmus.cli.proxy_config import proxy_config

CLUSTER = {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "outbound|80||a", "type": "EDS"}
SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
DUMP = {
    "configs": [
        {
            "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
            "bootstrap": {"node": {"id": "sidecar~10.0.0.1~a.b~b.svc", "metadata": {"CLUSTER_ID": "cluster1"}}},
        },
        {
            "@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump",
            "dynamic_active_secrets": [{"name": "default", "secret": {"@type": SECRET, "tls_certificate": {}}}],
        },
        {
            "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
            "dynamic_active_clusters": [{"cluster": {**CLUSTER, "connect_timeout": "10s"}}],
        },
    ]
}


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(proxy_config, list(arguments), catch_exceptions=False)


@pytest.fixture
def dump(tmp_path: Path) -> str:
    path = tmp_path / "config_dump.json"
    path.write_text(json.dumps(DUMP))
    return str(path)


@pytest.mark.parametrize("name", ["clusters", "cluster", "c"])
def test_a_table_is_printed_under_every_name_of_a_command(name: str, dump: str) -> None:
    assert invoke(name, "-f", dump).output == (
        "SERVICE FQDN     PORT     SUBSET     DIRECTION     TYPE     DESTINATION RULE\n"
        "a                80       -          outbound      EDS      \n"
    )


def test_json_has_protobufs_names(dump: str) -> None:
    assert json.loads(invoke("c", "-f", dump, "-o", "json").output) == [
        {"name": "outbound|80||a", "type": "EDS", "connectTimeout": "10s"}
    ]


def test_yaml_is_printed(dump: str) -> None:
    assert "connectTimeout: 10s\n" in invoke("c", "-f", dump, "-o", "yaml").output


def test_a_bootstrap_is_json_unless_told_otherwise(dump: str) -> None:
    assert json.loads(invoke("b", "-f", dump).output)["bootstrap"]["node"]["metadata"] == {"CLUSTER_ID": "cluster1"}
    assert "cluster     cluster1\n" in invoke("b", "-f", dump, "-o", "short").output


def test_secrets_are_json_by_their_state(dump: str) -> None:
    assert json.loads(invoke("s", "-f", dump, "-o", "json").output) == {
        "dynamicActiveSecrets": [{"name": "default", "secret": {"@type": SECRET, "tlsCertificate": {}}}]
    }


def test_all_has_one_table_after_the_other(dump: str) -> None:
    headers = [line.split()[0] for line in invoke("all", "-f", dump).output.split("\n\n")]
    assert headers == ["SERVICE", "ADDRESSES", "NAME", "RESOURCE"]


def test_without_pod_and_file_the_user_is_told_what_to_name() -> None:
    result = invoke("clusters")
    assert result.exit_code == 2
    assert "name a pod (NAME.NAMESPACE or deploy/NAME.NAMESPACE), or a file with -f" in result.stderr


def test_a_file_that_is_something_else_is_refused(tmp_path: Path, dump: str) -> None:
    path = tmp_path / "other"
    path.write_text("<html>")
    assert "is no JSON of Envoy's admin page" in invoke("clusters", "-f", str(path)).stderr
    assert 'this has no "cluster_statuses"' in invoke("endpoints", "-f", dump).stderr
