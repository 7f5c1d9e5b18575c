"""The charts as they are shipped."""

from pathlib import Path
from typing import Any

import pytest

from isthmus import __version__
from isthmus.install.chart import load
from isthmus.install.chart_objects import Release
from isthmus.install.coalesce import coalesced
from isthmus.install.errors import InstallError
from isthmus.install.profiles import profile_names, profile_spec
from isthmus.install.render import objects, render
from isthmus.shipped import shipped

CHARTS = ("base", "istiod", "cni", "gateway", "gateways", "operator")


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_the_version_of_the_package(name: str) -> None:
    chart = load(shipped("charts") / name)
    assert (chart.metadata["version"], chart.metadata["appVersion"]) == (__version__, __version__)
    defaults = chart.values["_internal_defaults_do_not_set"]
    assert defaults["global"].get("tag", __version__) == __version__


def test_every_profile_is_a_valid_file() -> None:
    names = profile_names(shipped("charts"))
    assert names == ("default", "demo", "empty", "external", "minimal", "openshift", "preview", "remote", "stable")
    for name in names:
        profile_spec(shipped("charts"), name)


def test_the_values_helper_is_the_same_in_all_charts_but_for_what_only_some_do() -> None:
    texts = {name: (shipped("charts") / name / "templates/_values.tpl").read_text() for name in CHARTS}
    assert texts["base"] == texts["gateway"] == texts["gateways"] == texts["operator"]
    for name in ("istiod", "cni"):
        assert set(texts["base"].splitlines()) <= set(texts[name].splitlines())


def test_crds_can_be_left_to_others() -> None:
    chart = load(shipped("charts") / "base")
    values = {"base": {"excludedCRDs": ["gateways.networking.istio.io"]}}
    names = [
        found["metadata"]["name"]
        for found in objects(chart, values, Release("istio", "istio-system"))
        if found["kind"] == "CustomResourceDefinition"
    ]
    assert len(names) == 14
    assert "gateways.networking.istio.io" not in names


def rendered(chart: str, release: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = objects(load(shipped("charts") / chart), {}, Release(release, "istio-system"))
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def allows(role: dict[str, Any], verb: str, group: str, resource: str) -> bool:
    return any(
        verb in rule["verbs"] and group in rule["apiGroups"] and resource in rule["resources"] for rule in role["rules"]
    )


@pytest.mark.parametrize("chart", ["gateway", "gateways"])
def test_a_gateway_s_account_may_list_secrets_so_that_it_is_given_keys(chart: str) -> None:
    found = rendered(chart, "edge")
    (deployment,) = (one for (kind, _), one in found.items() if kind == "Deployment")
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    (binding,) = (one for (kind, _), one in found.items() if kind == "RoleBinding")
    assert [subject["name"] for subject in binding["subjects"]] == [account]
    assert allows(found["Role", binding["roleRef"]["name"]], "list", "", "secrets")


@pytest.mark.parametrize("role", ["istiod-clusterrole-istio-system", "istio-reader-clusterrole-istio-system"])
def test_control_planes_here_and_elsewhere_may_ask_what_accounts_may_do(role: str) -> None:
    found = rendered("istiod", "istiod")["ClusterRole", role]
    for group, resource in (("authentication", "tokenreviews"), ("authorization", "subjectaccessreviews")):
        assert allows(found, "create", f"{group}.k8s.io", resource)


def write_chart(directory: Path, templates: dict[str, str], **files: str) -> Path:
    (directory / "templates").mkdir(parents=True)
    (directory / "Chart.yaml").write_text(files.pop("metadata", f"name: {directory.name}\nversion: 1.0.0\n"))
    for name, text in templates.items():
        (directory / "templates" / name).write_text(text)
    for name, text in files.items():
        (directory / name.replace("_", ".")).write_text(text)
    return directory


def test_subcharts_get_their_values_the_globals_and_their_conditions(tmp_path: Path) -> None:
    parent = write_chart(
        tmp_path / "parent",
        {},
        metadata="name: parent\nversion: 1.0.0\ndependencies: [{name: web}, {name: db, condition: db.enabled}]\n",
        values_yaml="global: {g: 1}\nweb: {a: parents}\ndb: {enabled: false}\n",
    )
    template = "kind: X\nmetadata: {name: {{ .Chart.Name }}-{{ .Values.a }}-{{ .Values.b }}-{{ .Values.global.g }}}\n"
    for name in ("web", "db"):
        write_chart(parent / "charts" / name, {"x.yaml": template}, values_yaml="a: own\nb: own\n")
    found = objects(load(parent), {}, Release("r", "n"))
    assert [entry["metadata"]["name"] for entry in found] == ["web-parents-own-1"]


def test_a_missing_dependency_is_named(tmp_path: Path) -> None:
    metadata = "name: parent\nversion: 1.0.0\ndependencies: [{name: web}]\n"
    with pytest.raises(InstallError, match="dependencies are missing: web"):
        load(write_chart(tmp_path / "parent", {}, metadata=metadata))


def test_null_deletes_a_default(tmp_path: Path) -> None:
    chart = load(write_chart(tmp_path / "c", {}, values_yaml="a: {v: 1, w: 2}\n"))
    assert coalesced(chart, {"a": {"v": None}}) == {"a": {"w": 2}}


def test_an_error_names_chart_template_line_and_expression(tmp_path: Path) -> None:
    chart = load(write_chart(tmp_path / "c", {"x.yaml": "a: 1\nb: {{ .Values.a.b }}\n"}))
    with pytest.raises(InstallError, match=r"chart c: .*c/templates/x.yaml:2:\d+.*<.Values.a.b>.*nil pointer"):
        render(chart, {}, Release("r", "n"))


def test_output_that_is_no_yaml_names_its_template(tmp_path: Path) -> None:
    chart = load(write_chart(tmp_path / "c", {"x.yaml": "a: [\n"}))
    with pytest.raises(InstallError, match=r"c/templates/x\.yaml did not render to YAML"):
        objects(chart, {}, Release("r", "n"))


def test_a_directory_without_chart_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"has no Chart\.yaml"):
        load(tmp_path)
