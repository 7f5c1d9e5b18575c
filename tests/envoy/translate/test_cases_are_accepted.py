"""Everything that any case translates to is accepted by a real Envoy, without deprecated fields."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from envoy_program import binary
from mesh_files import load
from static_bootstrap import bootstrap, resources

CASES = sorted((Path(__file__).parents[2] / "cases").glob("*/input.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.parent.name)
def test_every_resource_of_a_case_is_accepted(case: Path, tmp_path: Path) -> None:
    mesh, proxies = load(case)
    assert proxies
    for proxy in proxies:
        file = tmp_path / "bootstrap.json"
        file.write_text(json.dumps(bootstrap(resources(mesh.discovery, proxy))))
        command = [str(binary()), "--mode", "validate", "-c", str(file), "-l", "warn"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{proxy}: {result.stderr[-2000:]}"
        assert "deprecated" not in result.stderr.lower(), result.stderr[-2000:]


def test_a_bootstrap_with_a_broken_resource_is_refused(tmp_path: Path) -> None:
    mesh, proxies = load(CASES[0])
    broken = bootstrap(resources(mesh.discovery, proxies[0]))
    broken["static_resources"]["clusters"][0]["no_such_field"] = 1
    file = tmp_path / "bootstrap.json"
    file.write_text(json.dumps(broken))
    command = [str(binary()), "--mode", "validate", "-c", str(file), "-l", "error"]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
