"""Which remote clusters Secrets declare, and what is said of those that declare none."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path

import pytest

from isthmus.control_plane.remote_secrets import RemoteSecret, desired_clusters

CA = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n").decode()


def kubeconfig(token: str = "secret-token", user: str = "") -> bytes:
    return f"""
apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "https://10.0.0.1:6443", certificate-authority-data: {CA}}}}}]
users: [{{name: c, user: {{{user or f"token: {token}"}}}}}]
contexts: [{{name: c, context: {{cluster: c, user: c}}}}]
current-context: c
""".encode()


def secret(name: str, created: str = "2026-01-01T00:00:00Z", **data: bytes) -> RemoteSecret:
    return RemoteSecret("istio-system", name, created, data)


def test_every_key_is_a_cluster() -> None:
    found, problems = desired_clusters([secret("s", c2=kubeconfig(), c3=kubeconfig())], "c1")
    assert sorted(found) == ["c2", "c3"]
    assert found["c2"].access.server == "https://10.0.0.1:6443"
    assert problems == ()


def test_the_own_cluster_is_never_remote() -> None:
    found, problems = desired_clusters([secret("s", c1=kubeconfig())], "c1")
    assert found == {}
    assert problems[0].secret == "istio-system/s"
    assert "needs no remote secret" in problems[0].message


def test_of_two_secrets_for_one_cluster_the_older_one_counts_whatever_the_order() -> None:
    secrets = [
        secret("young", "2026-01-02T00:00:00Z", c2=kubeconfig("young")),
        secret("old", "2026-01-01T00:00:00Z", c2=kubeconfig("old")),
    ]
    for order in itertools.permutations(secrets):
        found, problems = desired_clusters(order, "c1")
        assert found["c2"].access.token == "old"
        assert [(problem.secret, problem.cluster) for problem in problems] == [("istio-system/young", "c2")]


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (b"{", "kubeconfig"),
        (b"kind: Config", "current-context"),
        (kubeconfig(user="exec: {command: /bin/sh}"), "exec"),
        (kubeconfig(user="tokenFile: /etc/passwd"), "tokenFile"),
        (kubeconfig(user="client-key: /etc/key, client-certificate-data: eA=="), "client-key (a file path)"),
        (kubeconfig(user="client-certificate: /etc/passwd"), "client-certificate (a file path)"),
        (kubeconfig(user="auth-provider: {name: gcp}"), 'auth-provider "gcp"'),
        (
            kubeconfig(user="auth-provider: {name: oidc, config: {idp-certificate-authority: /dev/zero}}"),
            "oidcCertificateAuthority to PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS",
        ),
        (
            kubeconfig().replace(f"certificate-authority-data: {CA}".encode(), b"certificate-authority: /dev/zero"),
            "certificateAuthority to PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS",
        ),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_reported_and_the_others_go_on(broken: bytes, named: str) -> None:
    found, problems = desired_clusters([secret("s", c2=broken, c3=kubeconfig())], "c1")
    assert list(found) == ["c3"]
    assert [problem.cluster for problem in problems] == ["c2"]
    assert named in problems[0].message


def test_an_operator_may_allow_what_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(base64.b64decode(CA))
    text = kubeconfig().replace(f"-data: {CA}".encode(), f": {file}".encode())
    found, problems = desired_clusters([secret("s", c2=text)], "c1", ("certificateAuthority",))
    assert (found["c2"].access.ca_pem, problems) == (file.read_bytes(), ())
    text = kubeconfig(user="exec: {command: /bin/true}")
    found, problems = desired_clusters([secret("s", c2=text)], "c1", ("exec",))
    assert (found["c2"].access.exec is not None, problems) == (True, ())


def test_what_a_kubeconfig_may_say_of_its_server_is_the_operators_own_affair() -> None:
    text = kubeconfig().replace(
        f"certificate-authority-data: {CA}".encode(), b'insecure-skip-tls-verify: true, proxy-url: "http://proxy:3128"'
    )
    found, problems = desired_clusters([secret("s", c2=text)], "c1")
    assert (found["c2"].access.insecure, found["c2"].access.proxy_url, problems) == (True, "http://proxy:3128", ())


def test_equal_credentials_are_an_equal_cluster_and_no_text_shows_them() -> None:
    first, _ = desired_clusters([secret("s", c2=kubeconfig())], "c1")
    second, _ = desired_clusters([secret("s", c2=kubeconfig())], "c1")
    rotated, _ = desired_clusters([secret("s", c2=kubeconfig("other"))], "c1")
    assert first["c2"].digest == second["c2"].digest != rotated["c2"].digest
    assert "secret-token" not in repr(first) + repr(secret("s", c2=kubeconfig()))


def test_the_credential_for_the_configuration_cluster_declares_no_cluster_though_it_is_labelled() -> None:
    found, problems = desired_clusters([secret("istio-kubeconfig", config=kubeconfig())], "c1")
    assert (found, problems) == ({}, ())
    found, _ = desired_clusters(
        [secret("other", config=kubeconfig()), secret("istio-kubeconfig", c2=kubeconfig())], "c1"
    )
    assert sorted(found) == ["c2", "config"]
