"""The node's CNI directory: extended, kept extended, and put back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from isthmus.cni.host_config import NotYetError, ensure, restore
from isthmus.cni.network_list import entry
from isthmus.cni.settings import HostConfig

OWN = entry("/run/agent.sock", ())
LIST = '{ "cniVersion":"1.0.0", "name":"net",\n\t"plugins":[{"type":"ptp"}] }'
SINGLE = '{ "cniVersion":"1.0.0", "name":"net", "type":"bridge" }'


def host(directory: Path, **changes: object) -> HostConfig:
    return replace(HostConfig(directory, name="", chained=True, owned=""), **changes)  # type: ignore[arg-type]


def content(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir()}


def types(path: Path) -> list[str]:
    return [plugin["type"] for plugin in json.loads(path.read_text())["plugins"]]


@pytest.mark.parametrize(("name", "text"), [("10-net.conflist", LIST), ("10-net.conf", SINGLE)])
def test_the_directory_is_put_back_byte_by_byte(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / name).chmod(0o600)
    before = content(tmp_path)
    assert ensure(host(tmp_path), OWN)
    assert types(tmp_path / "10-net.conflist")[-1] == "istio-cni"
    assert (tmp_path / "10-net.conflist").stat().st_mode & 0o777 == 0o600
    assert not ensure(host(tmp_path), OWN), "nothing is left to do"
    restore(host(tmp_path))
    assert content(tmp_path) == before
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_single_configuration_is_out_of_the_runtimes_sight_while_its_list_is_there(tmp_path: Path) -> None:
    (tmp_path / "10-net.conf").write_text(SINGLE)
    ensure(host(tmp_path), OWN)
    assert sorted(content(tmp_path)) == ["10-net.conf.before-istio-cni", "10-net.conflist"]


def test_the_first_usable_file_is_extended(tmp_path: Path) -> None:
    (tmp_path / "00-broken.conflist").write_text("{")
    (tmp_path / "05-readme.txt").write_text("no configuration")
    (tmp_path / "10-first.conflist").write_text(LIST)
    (tmp_path / "20-second.conflist").write_text(LIST)
    ensure(host(tmp_path), OWN)
    assert types(tmp_path / "10-first.conflist") == ["ptp", "istio-cni"]
    assert (tmp_path / "20-second.conflist").read_text() == LIST
    assert (tmp_path / "00-broken.conflist").read_text() == "{"


def test_a_file_that_somebody_rewrites_is_extended_again_and_keeps_the_rewriting(tmp_path: Path) -> None:
    path = tmp_path / "10-net.conflist"
    path.write_text(LIST)
    ensure(host(tmp_path), OWN)
    rewritten = LIST.replace("ptp", "bridge")
    path.write_text(rewritten)
    assert ensure(host(tmp_path), OWN)
    assert types(path) == ["bridge", "istio-cni"]
    restore(host(tmp_path))
    assert content(tmp_path) == {path.name: rewritten}


def test_what_others_changed_around_the_plugin_stays_when_it_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "10-net.conflist"
    path.write_text(LIST)
    ensure(host(tmp_path), OWN)
    network = json.loads(path.read_text())
    network["plugins"].insert(1, {"type": "bandwidth"})
    path.write_text(json.dumps(network))
    ensure(host(tmp_path), OWN)
    restore(host(tmp_path))
    assert types(path) == ["ptp", "bandwidth"]
    assert list(content(tmp_path)) == [path.name]


def test_a_configuration_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(NotYetError, match="no network configuration in"):
        ensure(host(tmp_path), OWN)
    (tmp_path / "10-net.conflist").write_text(LIST)
    assert ensure(host(tmp_path), OWN)


def test_a_named_file_is_waited_for_although_others_are_there(tmp_path: Path) -> None:
    (tmp_path / "10-net.conflist").write_text(LIST)
    with pytest.raises(NotYetError, match=r"no 20-mine\.conf in"):
        ensure(host(tmp_path, name="20-mine.conf"), OWN)
    (tmp_path / "20-mine.conf").write_text(SINGLE)
    ensure(host(tmp_path, name="20-mine.conf"), OWN)
    assert not ensure(host(tmp_path, name="20-mine.conf"), OWN), "the list that was made of it counts"
    assert types(tmp_path / "20-mine.conflist") == ["bridge", "istio-cni"]
    assert (tmp_path / "10-net.conflist").read_text() == LIST


def test_a_version_without_chains_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "10-old.conf").write_text('{"cniVersion": "0.1.0", "name": "n", "type": "x"}')
    with pytest.raises(NotYetError, match=r"10-old\.conf cannot be extended: cniVersion is '0\.1\.0'"):
        ensure(host(tmp_path, name="10-old.conf"), OWN)


def test_an_extended_copy_comes_first_and_the_nodes_own_file_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "10-net.conflist").write_text(LIST)
    owning = host(tmp_path, owned="02-istio-cni.conflist")
    ensure(owning, OWN)
    assert types(tmp_path / "02-istio-cni.conflist") == ["ptp", "istio-cni"]
    assert (tmp_path / "10-net.conflist").read_text() == LIST
    (tmp_path / "10-net.conflist").write_text(LIST.replace("ptp", "bridge"))
    assert ensure(owning, OWN)
    assert types(tmp_path / "02-istio-cni.conflist") == ["bridge", "istio-cni"], "it follows the node's file"
    restore(owning)
    assert list(content(tmp_path)) == ["10-net.conflist"]


def test_without_a_chain_the_plugin_is_a_network_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "10-net.conflist").write_text(LIST)
    alone = host(tmp_path, chained=False, name="istio-cni.conf")
    ensure(alone, OWN)
    assert json.loads((tmp_path / "istio-cni.conf").read_text())["type"] == "istio-cni"
    assert (tmp_path / "10-net.conflist").read_text() == LIST
    restore(alone)
    assert content(tmp_path) == {"10-net.conflist": LIST}
