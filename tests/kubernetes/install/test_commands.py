"""`install`, `manifest generate` and `uninstall` as users and scripts type them."""

import subprocess
import sys
from pathlib import Path

import pytest

from isthmus.gotemplate import yaml_text
from isthmus.install.owned import owned_objects
from isthmus.kube import kinds
from isthmus.kube.client import Client

REMOTE = ("--set", "profile=remote")


def isthmus(*arguments: str, kubeconfig: Path | None = None, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "isthmus.cli.main"]
    if kubeconfig:
        command += ["--kubeconfig", str(kubeconfig)]
    return subprocess.run([*command, *arguments], input=answer, capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("client")
def test_install_asks_and_says_when_it_is_done(kubeconfig: Path) -> None:
    run = isthmus("install", *REMOTE, kubeconfig=kubeconfig, answer="y\n")
    assert run.returncode == 0, run.stderr
    assert 'profile "remote" (Base, Control plane)' in run.stdout
    assert run.stdout.endswith("✔ Base installed\n✔ Control plane installed\n✔ Installation complete\n")


async def test_a_no_and_a_closed_input_change_nothing(client: Client, kubeconfig: Path) -> None:
    refused = isthmus("install", *REMOTE, kubeconfig=kubeconfig, answer="n\n")
    assert (refused.returncode, refused.stdout.rpartition("\n")[0].rpartition("\n")[2]) == (1, "Cancelled.")
    closed = isthmus("install", *REMOTE, kubeconfig=kubeconfig)
    assert closed.returncode == 1
    assert "standard input is closed, so nobody answered; confirm with -y" in closed.stderr
    taken = isthmus("install", "-f", "-", kubeconfig=kubeconfig, answer=OPERATOR)
    assert taken.returncode == 1
    assert "there is nobody to ask: confirm with -y" in taken.stderr
    assert not await owned_objects(client, "operator.istio.io/component=Pilot")


OPERATOR = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {profile: remote}\n"


@pytest.mark.usefixtures("client")
def test_a_file_can_come_through_a_pipe_and_everything_can_go_again(kubeconfig: Path) -> None:
    assert isthmus("install", "-y", "-f", "-", kubeconfig=kubeconfig, answer=OPERATOR).returncode == 0
    run = isthmus("x", "uninstall", "--purge", kubeconfig=kubeconfig, answer="y\n")
    assert run.returncode == 0, run.stderr
    assert "CustomResourceDefinition gateways.networking.istio.io removed" in run.stdout
    assert run.stdout.endswith("✔ Uninstall complete\n")
    again = isthmus("uninstall", "--purge", "-y", kubeconfig=kubeconfig)
    assert again.stdout == "Nothing to remove: no such objects are in the cluster.\n"


async def test_a_purge_takes_what_the_control_plane_wrote_and_leaves_what_cannot_be_made_again(
    client: Client, kubeconfig: Path
) -> None:
    isthmus("install", "-y", *REMOTE, kubeconfig=kubeconfig)
    roots = {"name": "istio-ca-root-cert", "namespace": "default", "labels": {"istio.io/config": "true"}}
    await client.create(kinds.CONFIG_MAP, {"metadata": roots})
    lease = {"name": "istio-namespace-controller-election", "namespace": "istio-system"}
    of_revision = {"name": "istio-gateway-status-leader-default", "namespace": "istio-system"}
    of_copies = {"name": "isthmus-last-known-clusters", "namespace": "istio-system"}
    for one in (lease, of_revision, of_copies):
        await client.create(kinds.LEASE, {"metadata": one})
    copy = {"name": "isthmus-last-known.west", "namespace": "istio-system"}
    await client.create(kinds.SECRET, {"metadata": copy | {"labels": {"isthmus.io/last-known-cluster": "head"}}})
    await client.create(kinds.CONFIG_MAP, {"metadata": lease})
    authority = {"name": "istio-ca-secret", "namespace": "istio-system"}
    await client.create(kinds.SECRET, {"metadata": authority})
    assert isthmus("uninstall", "--purge", "-y", kubeconfig=kubeconfig).returncode == 0
    assert await client.find(kinds.CONFIG_MAP, "istio-ca-root-cert", namespace="default") is None
    for one in (lease, of_revision, of_copies):
        assert await client.find(kinds.LEASE, one["name"], namespace="istio-system") is None
    assert await client.find(kinds.CONFIG_MAP, lease["name"], namespace="istio-system") is None
    assert await client.find(kinds.SECRET, copy["name"], namespace="istio-system") is None
    assert await client.find(kinds.SECRET, "istio-ca-secret", namespace="istio-system") is not None
    await client.delete(kinds.SECRET, "istio-ca-secret", namespace="istio-system")


async def test_a_dry_run_shows_objects_and_changes_nothing(client: Client, kubeconfig: Path) -> None:
    run = isthmus("install", "--dry-run", kubeconfig=kubeconfig)
    assert "  Deployment istio-system/istiod\n" in run.stdout
    assert run.stdout.endswith("Dry run: nothing was changed.\n")
    assert not await owned_objects(client, "operator.istio.io/component=Pilot")


def test_manifests_need_no_cluster_and_can_be_written_by_component(tmp_path: Path) -> None:
    printed = isthmus("manifest", "generate")
    assert printed.returncode == 0
    objects = [found for found in yaml_text.load_all(printed.stdout) if found]
    assert objects[-1]["kind"] == "ValidatingWebhookConfiguration"
    isthmus("manifest", "generate", "-o", str(tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "Base.yaml",
        "IngressGateways-istio-ingressgateway.yaml",
        "Pilot-istiod.yaml",
    ]


def test_warnings_go_to_standard_error_and_leave_the_manifests_alone() -> None:
    run = isthmus("manifest", "generate", "--set", "values.global.netwrok=x")
    assert "did you mean global.network?" in run.stderr
    assert "netwrok" not in run.stdout.replace('"netwrok"', "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("install", "-y", "-f", "/nonexistent.yaml"), "/nonexistent.yaml cannot be read: No such file"),
        (("install", "-y", "--set", "x"), "--set 'x': write it as path=value"),
        (("install", "-y", "--readiness-timeout", "soon"), "malformed duration 'soon'"),
        (("install", "-y", "-d", "/nonexistent"), "/nonexistent is no directory"),
        (("manifest", "generate", "-f", "-", "-f", "x"), "-f - can be given once, as the last file"),
        (("uninstall",), "say what goes: --revision NAME, --filename FILE, or --purge"),
        (("--context", "nope", "install", "-y"), "nope"),
    ],
)
def test_a_mistake_is_one_sentence(kubeconfig: Path, arguments: tuple[str, ...], sentence: str) -> None:
    run = isthmus(*arguments, kubeconfig=kubeconfig)
    assert run.returncode != 0
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.usefixtures("client")
def test_an_installation_is_verified_object_by_object(kubeconfig: Path) -> None:
    missing = isthmus("verify-install", *REMOTE, kubeconfig=kubeconfig)
    assert missing.returncode == 1
    assert "MutatingWebhookConfiguration: istio-sidecar-injector: does not exist yet" in missing.stdout
    nothing = isthmus("verify-install", kubeconfig=kubeconfig)
    assert "no installation of revision 'default' is in the cluster" in nothing.stderr

    done = isthmus("install", "-y", "--verify", *REMOTE, kubeconfig=kubeconfig)
    assert done.returncode == 0, done.stderr
    assert "✔ ConfigMap: values.istio-system checked successfully" in done.stdout
    by_labels = isthmus("verify-install", kubeconfig=kubeconfig)
    assert by_labels.returncode == 0, by_labels.stdout
    assert "Checked 15 custom resource definitions\nChecked 0 Istio Deployments\n" in by_labels.stdout


async def test_only_what_is_installed_can_be_upgraded_and_not_over_versions(client: Client, kubeconfig: Path) -> None:
    nothing = isthmus("upgrade", "-y", kubeconfig=kubeconfig)
    assert "there is no control plane to upgrade in namespace istio-system; use install" in nothing.stderr
    isthmus("install", "-y", "--set", "profile=minimal", "--readiness-timeout", "1s", kubeconfig=kubeconfig)
    old = {"metadata": {"labels": {"operator.istio.io/version": "99.1.0"}}}
    await client.merge_patch(kinds.DEPLOYMENT, "istiod", old, namespace="istio-system")
    back = isthmus("upgrade", "-y", "--set", "profile=minimal", kubeconfig=kubeconfig)
    assert back.returncode == 1
    assert "! istiod has version 99.1.0, which is newer than" in back.stderr
    assert "--force goes on nevertheless" in back.stderr
    shown = isthmus("upgrade", "--dry-run", "--force", "--set", "profile=minimal", kubeconfig=kubeconfig)
    assert "Control plane istio-system/istiod (revision default): version 99.1.0" in shown.stdout
    assert shown.stdout.endswith("Dry run: nothing was changed.\n")
