"""Helm 2's command lines in Helm 3's words."""

import pytest

from isthmus.lab.helm.spellings import Spelled, spell


def charts(name: str) -> str | None:
    return "/charts/gateway" if name == "gateway" else None


def spelled(line: str) -> Spelled:
    return spell(line.split(), charts)


@pytest.mark.parametrize(
    "line",
    [
        "version",
        "install web ./chart -n apps",
        "template --namespace=istio-system --set a=b install/kubernetes/helm/istio",
        "delete web",
        "repo add other https://charts.example.com",
        "install web istio/unknown",
    ],
)
def test_a_command_line_of_helm_3_stays_as_it_is(line: str) -> None:
    assert spelled(line) == Spelled(tuple(line.split()))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("template chart --name web --set a=b", "template web chart --set a=b"),
        ("template --name=web chart", "template web chart"),
        ("install chart --name web --namespace apps", "install web chart --namespace apps --create-namespace"),
        ("--kube-context c install chart --name web", "--kube-context c install web chart --create-namespace"),
        ("install web istio/gateway -n apps", "install web /charts/gateway -n apps"),
    ],
)
def test_a_command_line_of_helm_2_is_understood_and_says_so(line: str, expected: str) -> None:
    found = spelled(line)
    assert found.arguments == tuple(expected.split())
    assert len(found.notices) == 1


@pytest.mark.parametrize("line", ["init --service-account tiller", "repo add istio https://x", "repo update"])
def test_what_helm_3_does_not_need_is_left_undone(line: str) -> None:
    found = spelled(line)
    assert found.arguments is None
    assert found.notices


def test_a_purge_names_the_release_whose_namespace_is_to_be_found_and_its_cluster() -> None:
    found = spelled("delete --purge --kube-context=cluster1 web")
    assert found.arguments == ("uninstall", "--kube-context=cluster1", "web")
    assert (found.purged, found.cluster) == ("web", ("--kube-context", "cluster1"))
