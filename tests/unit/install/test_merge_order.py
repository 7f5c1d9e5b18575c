"""Profile, files, flags: the later wins, and a spec's fields are values by another name."""

from typing import Any

import pytest

from isthmus import __version__
from isthmus.install.errors import InstallError
from isthmus.install.merge_order import Installation, Request, settle
from isthmus.install.operator_file import OperatorFile
from isthmus.shipped import shipped


def settled(*specs: dict[str, Any], **flags: Any) -> Installation:
    files = tuple(OperatorFile(f"{index}.yaml", "", spec) for index, spec in enumerate(specs))
    return settle(Request(shipped("charts"), files, **flags))


def test_without_anything_the_default_profile_is_installed() -> None:
    installation = settled()
    assert installation.profile == "default"
    assert list(installation.components) == ["base", "pilot", "ingressGateways"]
    assert installation.namespace == "istio-system"
    assert installation.values["global"]["tag"] == __version__


def test_later_files_win_and_flags_win_over_files() -> None:
    one = {"values": {"global": {"network": "a", "meshID": "m"}}}
    two = {"values": {"global": {"network": "b"}}}
    values = settled(one, two, settings=("values.global.network=c",)).values
    assert (values["global"]["network"], values["global"]["meshID"]) == ("c", "m")
    assert settled(one, two).values["global"]["network"] == "b"


def test_spec_fields_become_values_and_explicit_values_win() -> None:
    spec = {"hub": "h", "tag": 1.5, "revision": "canary", "meshConfig": {"accessLogFile": "/x"}}
    values = settled(spec, {"values": {"global": {"hub": "own"}}}).values
    assert (values["global"]["hub"], values["global"]["tag"]) == ("own", "1.5")
    assert values["revision"] == "canary"
    assert values["meshConfig"] == {"accessLogFile": "/x"}


def test_the_revision_default_is_no_revision() -> None:
    assert settled(revision="default").revision == ""
    assert settled(revision="canary").revision == "canary"


def test_the_namespace_comes_from_values_or_the_flag() -> None:
    assert settled({"values": {"global": {"istioNamespace": "mesh"}}}).namespace == "mesh"
    assert settled({"namespace": "mesh"}).namespace == "mesh"
    assert settled({}, istio_namespace="flag").namespace == "flag"


def test_an_index_of_a_flag_counts_in_the_profiles_list() -> None:
    gateways = settled(settings=("components.ingressGateways[0].enabled=false",)).components["ingressGateways"]
    assert gateways == [{"name": "istio-ingressgateway", "enabled": False}]


def test_the_control_plane_is_told_whether_it_is_installed() -> None:
    assert settled().values["pilot"]["enabled"] is True
    assert settled({"profile": "empty"}).values["pilot"]["enabled"] is False


@pytest.mark.parametrize(
    ("spec", "flags", "sentence"),
    [
        ({"profile": "demmo"}, {}, r"there is no profile 'demmo'; did you mean demo\?"),
        ({}, {"settings": ("valeus.x=1",)}, r"--set valeus.x=1: spec.valeus: unknown field; did you mean values\?"),
        ({"values": {"global": "x"}}, {}, "spec.values.global: expected a map"),
    ],
)
def test_a_mistake_names_its_place(spec: dict[str, Any], flags: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InstallError, match=sentence):
        settled(spec, **flags)
