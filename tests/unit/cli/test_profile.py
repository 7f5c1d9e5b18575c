"""`profile` and `manifest generate` without a cluster."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from isthmus.cli.main import main
from isthmus.gotemplate import yaml_text
from isthmus.install.chart import load
from isthmus.install.chart_objects import Release
from isthmus.install.manifests import ordered
from isthmus.install.render import objects


def istioctl(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_profiles_are_listed_by_name() -> None:
    lines = istioctl("profile", "list").stdout.splitlines()
    assert lines[0] == "Istio configuration profiles:"
    assert {"    default", "    demo", "    external", "    remote"} <= set(lines)


def test_a_dumped_profile_is_a_file_to_install_with(tmp_path: Path) -> None:
    text = istioctl("profile", "dump", "remote").stdout
    assert yaml_text.load(text)["spec"]["values"]["profile"] == "remote"
    (tmp_path / "remote.yaml").write_text(text)
    generated = istioctl("manifest", "generate", "-f", str(tmp_path / "remote.yaml"), "--component", "Pilot").stdout
    objects = [each for each in yaml_text.load_all(generated) if each]
    assert "MutatingWebhookConfiguration" in {each["kind"] for each in objects}
    assert "Deployment" not in {each["kind"] for each in objects}


def test_a_part_of_a_profile_can_be_shown_as_flags() -> None:
    flags = istioctl("profile", "dump", "-p", "components.ingressGateways", "-o", "flags").stdout
    assert flags == (
        "components.ingressGateways[0].name=istio-ingressgateway\ncomponents.ingressGateways[0].enabled=true\n"
    )


def test_a_difference_of_profiles_is_an_exit_status_and_equal_ones_are_said_to_be() -> None:
    different = istioctl("profile", "diff", "default", "demo")
    assert different.exit_code == 1
    assert "+    - name: istio-egressgateway" in different.stdout
    same = istioctl("profile", "diff", "demo", "demo")
    assert (same.exit_code, same.stdout) == (0, "Profiles are identical\n")


@pytest.mark.parametrize("name", ["Pilot", "pilot", "istiod"])
def test_one_component_can_be_generated(name: str) -> None:
    found = [each for each in yaml_text.load_all(istioctl("manifest", "generate", "--component", name).stdout) if each]
    kinds = {each["kind"] for each in found}
    assert "Deployment" in kinds
    assert "CustomResourceDefinition" not in kinds


def test_a_file_is_translated_to_values_that_give_the_same_objects(tmp_path: Path) -> None:
    settings = ("--set", "profile=minimal", "--set", "values.global.network=n1", "--set", "hub=h")
    run = istioctl("manifest", "translate", *settings, "-o", str(tmp_path))
    commands = [line.split() for line in run.stdout.splitlines()]
    assert [(words[3], words[6]) for words in commands] == [("istio-base", "istio-system"), ("istiod", "istio-system")]
    _, _, _, _, chart, _, namespace, _, values = commands[1]
    rendered = objects(load(Path(chart)), yaml_text.load(Path(values).read_text()), Release("istio", namespace))
    generated = istioctl("manifest", "generate", *settings, "--component", "Pilot").stdout
    assert ordered(rendered) == [each for each in yaml_text.load_all(generated) if each]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("profile", "dump", "nope"), "there is no profile 'nope'"),
        (("profile", "dump", "-p", "components.cni"), "the profile sets no 'cni' there"),
        (("manifest", "generate", "--component", "nope"), "no component 'nope'; this installation has Base, Pilot"),
    ],
)
def test_a_name_that_does_not_exist_is_answered_with_those_that_do(arguments: tuple[str, ...], sentence: str) -> None:
    run = istioctl(*arguments)
    assert run.exit_code != 0
    assert sentence in run.output
