"""A pod and settings in, the injected pod out: one case a file, a sentence as its name.

A case without ``templates`` uses those of the chart; ``values`` and ``mesh`` are laid over the chart's own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from isthmus.api import mesh_config_layers
from isthmus.api.config import row
from isthmus.api.proxy_config import ProxyConfig
from isthmus.api.strategic_merge import patched
from isthmus.api.wire import Object
from isthmus.cli.go_yaml import dump
from isthmus.inject.configuration import InjectorConfig, parse_config, parse_values
from isthmus.inject.errors import InjectionError
from isthmus.inject.pod import inject
from isthmus.inject.settings import InjectionSettings
from isthmus.install.merge_order import Request
from isthmus.install.plan import plan
from isthmus.shipped import shipped

CASES = sorted(path for path in (Path(__file__).parent / "injection").glob("*.yaml") if ".golden" not in path.name)


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One case as it is written."""

    pod: dict[str, Any]
    templates: dict[str, str] = {}
    config: dict[str, Any] = {}
    values: dict[str, Any] = {}
    mesh: dict[str, Any] = {}
    environment: dict[str, str] = {}
    kubelets: dict[str, str] = {}
    native: str = "auto"
    revision: str = ""
    proxy_configs: tuple[dict[str, Any], ...] = ()
    again: bool = False


@cache
def chart() -> dict[str, dict[str, str]]:
    """The data of the control plane's ConfigMaps by name, as an installation without settings has them."""
    objects = plan(Request(charts=shipped("charts"), files=(), settings=(), revision="", istio_namespace="")).objects
    return {each["metadata"]["name"]: each["data"] for each in objects if each["kind"] == "ConfigMap"}


def settings_of(case: Case) -> InjectionSettings:
    injector = chart()["istio-sidecar-injector"]
    config = parse_config(injector["config"])
    if case.templates or case.config:
        config = msgspec.convert({"templates": case.templates or config.templates, **case.config}, InjectorConfig)
    mesh, problems = mesh_config_layers.layer(chart()["istio"]["mesh"])
    assert not problems
    decoded = (msgspec.convert(each, Object[ProxyConfig]) for each in case.proxy_configs)
    return InjectionSettings(
        config=config,
        values=patched(parse_values(injector["values"]), case.values),
        mesh=mesh_config_layers.merge((mesh, case.mesh)),
        revision=case.revision,
        environment=case.environment,
        native_sidecars=case.native,
        kubelets=case.kubelets,
        proxy_configs=tuple(row("", each) for each in decoded),
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_injection(path, check_golden):
    case = msgspec.convert(yaml.safe_load(path.read_text()), Case)
    settings = settings_of(case)
    try:
        injected = inject(case.pod, settings).pod
        if case.again:
            injected = inject(injected, settings).pod
    except InjectionError as error:
        injected = {"error": str(error)}
    check_golden(path.with_suffix(".golden.yaml"), dump(injected))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_second_injection_changes_nothing(path):
    case = msgspec.convert(yaml.safe_load(path.read_text()), Case)
    settings = settings_of(case)
    try:
        first = inject(case.pod, settings).pod
    except InjectionError:
        return
    assert inject(first, settings).pod == first


def test_every_golden_belongs_to_a_case(request):
    goldens = {path.with_suffix(".golden.yaml") for path in CASES}
    orphans = [path for path in CASES[0].parent.glob("*.golden.yaml") if path not in goldens]
    if request.config.getoption("--update-goldens"):
        for orphan in orphans:
            orphan.unlink()
    else:
        assert orphans == []
