"""``analyze`` without a cluster: files, what is printed, and the exit status."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from isthmus.cli.analyze import FOUND_ISSUES, UNREADABLE_FILES, analyze

LOST = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: lost}
spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}
"""
SUSPICIOUS = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: everywhere, namespace: edge}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
"""
FOUND = 'Error [IST0101] (VirtualService default/lost {}:2) Referenced host not found: "web"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lost.yaml").write_text(LOST)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "gateway.yml").write_text(SUSPICIOUS)
    (tmp_path / "readme.txt").write_text("nothing")
    return tmp_path


def istioctl(*arguments: object, text: str | None = None) -> Result:
    return CliRunner().invoke(analyze, ["--use-kube=false", *map(str, arguments)], input=text)


def test_findings_are_lines_and_errors_fail_the_command(folder: Path) -> None:
    result = istioctl(folder / "lost.yaml")
    assert result.stdout == FOUND.format(folder / "lost.yaml")
    assert result.exit_code == FOUND_ISSUES
    assert f"Analyzers found issues when analyzing {folder / 'lost.yaml'}." in result.stderr


def test_warnings_fail_the_command_when_that_is_asked_for(folder: Path) -> None:
    file = folder / "more" / "gateway.yml"
    assert istioctl(file).exit_code == 0
    assert istioctl(file, "--failure-threshold", "Warning").exit_code == FOUND_ISSUES


def test_what_is_hidden_can_still_fail_the_command(folder: Path) -> None:
    result = istioctl(folder, "-R", "--output-threshold", "Error", "--failure-threshold", "Warning")
    assert result.stdout == FOUND.format(folder / "lost.yaml")
    assert result.exit_code == FOUND_ISSUES
    assert istioctl(folder / "more", "--output-threshold", "Error").stdout == ""


def test_directories_are_read_flat_or_with_everything_below(folder: Path) -> None:
    assert "everywhere" not in istioctl(folder).stdout
    assert "(Gateway edge/everywhere" in istioctl(folder, "--recursive").stdout


def test_files_of_other_kinds_are_skipped_with_a_word(folder: Path) -> None:
    result = istioctl(folder / "readme.txt")
    assert "Skipping file" in result.stderr
    assert result.exit_code == 0


def test_standard_input_is_a_file_too() -> None:
    assert istioctl("-", text=LOST).stdout == FOUND.format("-")


def test_json_and_yaml_hold_the_same_findings_and_never_fail(folder: Path) -> None:
    as_json = istioctl(folder / "lost.yaml", "-o", "json")
    as_yaml = istioctl(folder / "lost.yaml", "-o", "yaml")
    assert (as_json.exit_code, as_yaml.exit_code) == (0, 0)
    assert json.loads(as_json.stdout) == yaml.safe_load(as_yaml.stdout)
    assert json.loads(as_json.stdout) == [
        {
            "code": "IST0101",
            "documentationUrl": "https://istio.io/latest/docs/reference/config/analysis/ist0101/",
            "level": "Error",
            "message": 'Referenced host not found: "web"',
            "origin": "VirtualService default/lost",
            "reference": f"{folder / 'lost.yaml'}:2",
        }
    ]


@pytest.mark.parametrize("pattern", ["VirtualService default/lost", "VirtualService lost.default", "VirtualService *"])
def test_findings_can_be_hidden_by_code_and_object(folder: Path, pattern: str) -> None:
    result = istioctl(folder / "lost.yaml", "-S", f"IST0101={pattern}")
    assert result.exit_code == 0
    assert "No validation issues found" in result.stderr


def test_an_unknown_code_to_hide_is_warned_about(folder: Path) -> None:
    assert "'IST9999' is an unknown message code" in istioctl(folder, "-S", "IST9999=Pod *").stderr


def test_files_that_hold_no_objects_are_named_and_fail_the_command(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [")
    (tmp_path / "values.yaml").write_text("---\n---\nreplicas: 3\n")
    result = istioctl(tmp_path)
    assert result.exit_code == UNREADABLE_FILES
    assert f"{tmp_path / 'broken.yaml'}: line 2, column 1" in result.stderr
    assert f"{tmp_path / 'values.yaml'}:3: not an object: apiVersion and kind are needed" in result.stderr
    assert istioctl(tmp_path, "--ignore-unknown").exit_code == 0


def test_lists_of_objects_are_opened(tmp_path: Path) -> None:
    items = [yaml.safe_load(LOST), {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(SUSPICIOUS)]}]
    file = tmp_path / "list.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    codes = [line.split("[")[1][:7] for line in istioctl(file).stdout.splitlines()]
    assert codes == ["IST0101", "IST0133"]


def test_files_only_needs_files() -> None:
    result = istioctl()
    assert result.exit_code == 2
    assert "--use-kube=false needs files" in result.stderr


def test_the_list_of_analyzers_names_their_codes() -> None:
    result = istioctl("-L")
    assert result.exit_code == 0
    assert "* roots:" in result.stdout
    assert "ISM0105" in result.stdout


def test_mesh_settings_of_a_file_must_be_sound(folder: Path, tmp_path: Path) -> None:
    settings = tmp_path / "mesh.conf"
    settings.write_text("connectTimeout: soon")
    result = istioctl(folder / "lost.yaml", "--meshConfigFile", settings)
    assert result.exit_code == 1
    assert "connectTimeout: expected a duration with units" in result.stderr
