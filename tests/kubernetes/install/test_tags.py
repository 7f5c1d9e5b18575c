"""Revisions side by side and the tags that stand for them, on a real API server."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from isthmus.install.apply import install
from isthmus.install.merge_order import Request
from isthmus.install.plan import plan
from isthmus.kube import kinds
from isthmus.kube.client import Client
from isthmus.shipped import shipped

ROOT = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n").decode()


class Silent:
    """Shows nothing."""

    def waiting(self, text: str) -> None: ...

    def finished(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...


def istioctl(kubeconfig: Path, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "isthmus.cli.main", "--kubeconfig", str(kubeconfig), *arguments]
    return subprocess.run(command, input=answer, capture_output=True, text=True, check=False)


async def injector(client: Client, name: str) -> dict[str, Any]:
    return await client.get(kinds.MUTATING_WEBHOOK, name)


def revisions_chosen(configuration: dict[str, Any]) -> set[str]:
    return {
        value
        for webhook in configuration["webhooks"]
        for selector in ("namespaceSelector", "objectSelector")
        for expression in webhook[selector].get("matchExpressions", ())
        if expression["key"] == "istio.io/rev" and expression["operator"] == "In"
        for value in expression["values"]
    }


@pytest.fixture
async def revisions(client: Client) -> Client:
    """Two revisions: the one without a name, which is the default, and canary."""
    for settings in (("profile=remote",), ("profile=remote", "revision=canary")):
        wanted = plan(Request(shipped("charts"), (), (*settings, "values.global.configCluster=true")))
        await install(client, wanted, 30, Silent())
    for name in ("istio-sidecar-injector", "istio-sidecar-injector-canary"):
        found = await injector(client, name)
        for webhook in found["webhooks"]:
            webhook["clientConfig"]["caBundle"] = ROOT
        await client.replace(kinds.MUTATING_WEBHOOK, found)
    for name, label in (("old", {"istio-injection": "enabled"}), ("new", {"istio.io/rev": "prod"})):
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": label}}
        await client.apply(kinds.NAMESPACE, body)
    return client


async def test_a_tag_asks_its_revision_and_can_be_moved(revisions: Client, kubeconfig: Path) -> None:
    made = istioctl(kubeconfig, "tag", "set", "prod", "--revision", "canary")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith('Revision tag "prod" created, referencing control plane revision "canary".')
    tag = await injector(revisions, "istio-revision-tag-prod")
    assert [webhook["name"].partition("sidecar")[0] for webhook in tag["webhooks"]] == ["rev.namespace.", "rev.object."]
    assert revisions_chosen(tag) == {"prod"}
    client = tag["webhooks"][0]["clientConfig"]
    assert (client["service"]["name"], client["caBundle"]) == ("istiod-canary", ROOT)

    refused = istioctl(kubeconfig, "tag", "set", "prod", "--revision", "default")
    assert refused.returncode == 1
    assert "'prod' exists and stands for revision 'canary'; move it with --overwrite" in refused.stderr
    assert istioctl(kubeconfig, "tag", "set", "prod", "--revision", "default", "--overwrite").returncode == 0
    moved = await injector(revisions, "istio-revision-tag-prod")
    assert moved["metadata"]["labels"]["istio.io/rev"] == "default"
    assert moved["webhooks"][0]["clientConfig"]["service"]["name"] == "istiod"


async def test_the_default_moves_with_its_validator(revisions: Client, kubeconfig: Path) -> None:
    run = istioctl(kubeconfig, "tag", "set", "default", "--revision", "canary", "--overwrite")
    assert run.returncode == 0, run.stderr
    tag = await injector(revisions, "istio-revision-tag-default")
    assert {webhook["clientConfig"]["service"]["name"] for webhook in tag["webhooks"]} == {"istiod-canary"}
    assert len(tag["webhooks"]) == 4
    validator = await revisions.get(kinds.VALIDATING_WEBHOOK, "istiod-default-validator")
    assert validator["webhooks"][0]["clientConfig"]["service"]["name"] == "istiod-canary"
    assert validator["metadata"]["labels"]["istio.io/rev"] == "canary"


async def test_a_default_that_comes_back_is_not_asked_twice(revisions: Client, kubeconfig: Path) -> None:
    istioctl(kubeconfig, "tag", "set", "default", "--revision", "canary", "--overwrite")
    assert istioctl(kubeconfig, "tag", "set", "default", "--revision", "default", "--overwrite").returncode == 0
    own = await injector(revisions, "istio-sidecar-injector")
    assert revisions_chosen(own) == set()
    assert own["webhooks"][0]["clientConfig"]["caBundle"] == ROOT
    assert revisions_chosen(await injector(revisions, "istio-revision-tag-default")) == {"default"}


async def test_tags_are_listed_with_revisions_and_namespaces(revisions: Client, kubeconfig: Path) -> None:
    istioctl(kubeconfig, "tag", "set", "prod", "--revision", "canary")
    assert istioctl(kubeconfig, "tag", "list").stdout == (
        "TAG     REVISION NAMESPACES\nprod    canary   new\ndefault default  old\n"
    )
    rows = json.loads(istioctl(kubeconfig, "tag", "list", "-o", "json").stdout)
    assert rows[0] == {"tag": "prod", "revision": "canary", "namespaces": ["new"]}


async def test_a_tag_that_is_in_use_goes_after_a_question(revisions: Client, kubeconfig: Path) -> None:
    istioctl(kubeconfig, "tag", "set", "prod", "--revision", "canary")
    asked = istioctl(kubeconfig, "tag", "remove", "prod", answer="n\n")
    assert asked.returncode == 1
    assert '1 namespaces still follow the tag "prod": new' in asked.stdout
    assert istioctl(kubeconfig, "tag", "remove", "prod", "-y").stdout == "Revision tag prod removed\n"
    assert await revisions.find(kinds.MUTATING_WEBHOOK, "istio-revision-tag-prod") is None


async def test_a_generated_tag_can_be_named_and_inject_everywhere(revisions: Client, kubeconfig: Path) -> None:
    run = istioctl(
        kubeconfig, "tag", "generate", "default", "-r", "canary", "--webhook-name", "mine", "--auto-inject-namespaces"
    )
    assert run.returncode == 0, run.stderr
    assert "name: mine" in run.stdout
    assert "auto.sidecar-injector.istio.io" in run.stdout
    assert await revisions.find(kinds.MUTATING_WEBHOOK, "mine") is None


@pytest.mark.usefixtures("revisions")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("tag", "set", "prod", "-r", "nope"),
            "no control plane with revision 'nope'; revisions here: canary, default",
        ),
        (("tag", "set", "canary", "-r", "default"), "tag 'canary': a control plane's revision has that name"),
        (("tag", "set", "Prod", "-r", "canary"), "tag 'Prod' is no DNS-1123 label"),
        (("tag", "remove", "nope"), "there is no revision tag 'nope'; tags here: default"),
    ],
)
def test_a_mistake_with_tags_names_what_there_is(kubeconfig: Path, arguments: tuple[str, ...], sentence: str) -> None:
    run = istioctl(kubeconfig, *arguments)
    assert run.returncode == 1
    assert sentence in run.stderr


async def test_a_revision_takes_its_tags_along_and_an_installation_leaves_them(
    revisions: Client, kubeconfig: Path
) -> None:
    istioctl(kubeconfig, "tag", "set", "prod", "--revision", "canary")
    again = istioctl(kubeconfig, "install", "-y", "--set", "profile=remote", "--revision", "canary")
    assert again.returncode == 0, again.stderr
    assert await revisions.find(kinds.MUTATING_WEBHOOK, "istio-revision-tag-prod") is not None
    shown = istioctl(kubeconfig, "uninstall", "--dry-run", "--revision", "canary")
    assert "! pods of these namespaces get no sidecar from canary any more: new\n" in shown.stderr
    assert istioctl(kubeconfig, "uninstall", "-y", "--revision", "canary").returncode == 0
    assert await revisions.find(kinds.MUTATING_WEBHOOK, "istio-revision-tag-prod") is None
    assert await revisions.find(kinds.MUTATING_WEBHOOK, "istio-revision-tag-default") is not None
