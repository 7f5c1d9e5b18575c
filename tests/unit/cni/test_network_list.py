"""The plug-in's place in a node's network configuration, as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.cni.network_list import VERSIONS, ConfigurationError, chained, contains, entry, same, unchained

OWN = entry("/run/agent.sock", ("kube-system", "istio-cni"))
LIST = '{"cniVersion": "1.0.0", "name": "net", "disableCheck": true, "plugins": [{"type": "ptp"}, {"type": "portmap"}]}'
SINGLE = '{"cniVersion": "0.3.1", "name": "net", "type": "bridge", "ipam": {"type": "host-local"}}'


def test_the_plugin_comes_last_and_the_rest_of_the_list_stays() -> None:
    network = json.loads(chained(LIST, OWN))
    assert [plugin["type"] for plugin in network["plugins"]] == ["ptp", "portmap", "istio-cni"]
    assert network["plugins"][2]["excludeNamespaces"] == ["kube-system", "istio-cni"]
    assert network["disableCheck"] is True


def test_a_single_configuration_becomes_a_list_of_the_same_name_and_version() -> None:
    network = json.loads(chained(SINGLE, OWN))
    assert (network["name"], network["cniVersion"]) == ("net", "0.3.1")
    assert network["plugins"][0] == {"type": "bridge", "ipam": {"type": "host-local"}}


def test_installing_again_replaces_an_older_entry() -> None:
    older = chained(LIST, entry("/old.sock", ()))
    assert chained(older, OWN) == chained(LIST, OWN)
    assert contains(older)
    assert not contains(LIST)


@given(
    st.sampled_from(VERSIONS),
    st.lists(st.dictionaries(st.text(), st.none() | st.integers() | st.text()), min_size=1, max_size=4),
)
def test_what_was_added_can_be_taken_away_again(version: str, plugins: list[dict[str, object]]) -> None:
    network = {"cniVersion": version, "name": "n", "plugins": [{**plugin, "type": "some"} for plugin in plugins]}
    text = json.dumps(network)
    assert same(unchained(chained(text, OWN)), text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "no JSON"),
        ("[]", "expected an object"),
        ('{"cniVersion": "0.2.0", "name": "n", "type": "x"}', "cniVersion is '0.2.0'"),
        ('{"name": "n", "type": "x"}', "cniVersion is None"),
        ('{"cniVersion": "1.0.0", "name": "n", "plugins": []}', "an empty one"),
        ('{"cniVersion": "1.0.0", "name": "n", "plugins": [{}]}', "has no type"),
        ('{"cniVersion": "1.0.0", "plugins": [{"type": "x"}]}', "has no name"),
        ('{"cniVersion": "1.0.0", "name": "n", "plugins": [{"type": "istio-cni"}]}', "no plug-in to follow"),
    ],
)
def test_what_cannot_be_extended_says_why(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        chained(text, OWN)
