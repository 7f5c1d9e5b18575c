"""Command lines of `oc` as guides print them, in kubectl's words."""

import pytest

from isthmus.lab.oc.spellings import Commands, Login, SpellingError, context_of, spell

SERVERS = {"cluster1": "https://api.cluster1.lab.test:6443", "cluster2": "https://10.0.0.2:6443/"}


def lines(text: str) -> list[str]:
    meant = spell(text.split())
    assert isinstance(meant, Commands)
    return [" ".join(line) for line in meant.lines]


@pytest.mark.parametrize(
    "text",
    [
        "login https://h:6443",
        "login -u https://h:6443",
        "login -u admin -p secret https://h:6443",
        "login --server=https://h:6443 --token=x",
        "--kubeconfig k login https://h:6443",
    ],
)
def test_a_login_is_the_choice_of_an_api_server(text: str) -> None:
    assert spell(text.split()) == Login("https://h:6443")


def test_a_login_without_address_says_how_it_is_written() -> None:
    with pytest.raises(SpellingError, match="oc login https://HOST:PORT"):
        spell(["login", "-u", "admin"])


@pytest.mark.parametrize(
    ("server", "context"),
    [
        ("https://api.cluster1.lab.test:6443/", "cluster1"),
        ("https://10.0.0.2:6443", "cluster2"),
        ("https://api.cluster1.lab.test", "cluster1"),
    ],
)
def test_the_context_is_found_by_url_or_host(server: str, context: str) -> None:
    assert context_of(server, SERVERS) == context


def test_an_unknown_server_is_told_with_those_there_are() -> None:
    with pytest.raises(SpellingError, match=r"no cluster at https://x; it has https://api\.cluster1"):
        context_of("https://x", SERVERS)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("get project istio-system --context c", "get namespace istio-system --context c"),
        ("--context c get project sample", "--context c get namespace sample"),
        ("--context=c get projects", "--context=c get namespace"),
        ("delete -n x project/sample", "delete -n x namespace/sample"),
        ("projects", "get namespaces"),
        (
            "exec -n sample deploy/sleep -c sleep -- curl project",
            "exec -n sample deploy/sleep -c sleep -- curl project",
        ),
        ("--context c delete istio/default ns/sample", "--context c delete istio/default ns/sample"),
        ("config current-context", "config current-context"),
        ("get secret project", "get secret project"),
        ("--help", "--help"),
    ],
)
def test_projects_are_namespaces_and_all_else_is_kubectls(text: str, meant: str) -> None:
    assert lines(text) == [meant]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("new-project istio-system --context c", ["create namespace istio-system --context c", "c"]),
        ("--context=c new-project sample --display-name x", ["create namespace sample --context=c", "c"]),
        ("new-project sample", ["create namespace sample", "--current"]),
    ],
)
def test_a_new_project_is_a_namespace_that_is_worked_in(text: str, meant: list[str]) -> None:
    name = meant[0].split()[2]
    assert lines(text) == [meant[0], f"config set-context {meant[1]} --namespace={name}"]


def test_a_new_project_can_leave_the_kubeconfig_as_it_is() -> None:
    assert lines("new-project sample --skip-config-write") == ["create namespace sample"]


def test_a_project_is_shown_or_chosen() -> None:
    assert lines("project")[0].startswith("config view --minify")
    assert lines("project sample") == [
        "get namespace sample -o name",
        "config set-context --current --namespace=sample",
    ]
