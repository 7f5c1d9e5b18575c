"""The node agent's environment, as its chart writes it."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus.cni.settings import Settings, read_settings
from isthmus.install.chart import load
from isthmus.install.chart_objects import Release
from isthmus.install.render import objects
from isthmus.process.variables import SettingError
from isthmus.shipped import shipped

POD = {"NODE_NAME": "n1", "POD_NAMESPACE": "istio-cni"}


def of_chart(**values: Any) -> Settings:
    found = objects(load(shipped("charts") / "cni"), values, Release("istio-cni", "istio-cni"))
    data = next(each["data"] for each in found if each["kind"] == "ConfigMap")
    return read_settings({**data, **POD})


def test_the_charts_defaults_extend_the_nodes_first_file_and_repair_pods() -> None:
    settings = of_chart()
    assert (settings.host.chained, settings.host.name, settings.host.owned) == (True, "", "")
    assert settings.excluded == ("kube-system", "istio-cni"), "its own namespace among them"
    assert (settings.repair.mode, settings.repair.init_container) == ("repair", "istio-validation")
    assert not settings.nftables


def test_values_reach_the_agent() -> None:
    settings = of_chart(excludeNamespaces=["a"], istioOwnedCNIConfig=True, **{"global": {"nativeNftables": True}})
    assert settings.excluded == ("a", "istio-cni")
    assert settings.host.owned == "02-istio-cni.conflist"
    assert settings.nftables


def test_on_openshift_the_plugin_is_a_network_of_its_own() -> None:
    settings = of_chart(**{"global": {"platform": "openshift"}})
    assert (settings.host.chained, settings.host.name) == (False, "istio-cni.conf")


@pytest.mark.parametrize(
    ("repair", "mode"),
    [
        ({"deletePods": True}, "delete"),
        ({"labelPods": True}, "label"),
        ({"repairPods": False}, ""),
        ({"enabled": False}, ""),
    ],
)
def test_what_is_asked_for_goes_before_the_default_repair(repair: dict[str, bool], mode: str) -> None:
    assert of_chart(repair=repair).repair.mode == mode


def test_outside_of_its_daemon_set_the_agent_says_what_is_missing() -> None:
    with pytest.raises(SettingError, match=r"NODE_NAME is not set: .* DaemonSet"):
        read_settings({"POD_NAMESPACE": "x"})


def test_a_file_name_cannot_leave_the_directory() -> None:
    with pytest.raises(SettingError, match="CNI_CONF_NAME"):
        read_settings({**POD, "CNI_CONF_NAME": "../x.conf"})
