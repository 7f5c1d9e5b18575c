"""SPIFFE ids have one form, and anything else is no identity."""

import pytest

from isthmus.model.identity import SpiffeId


def test_an_id_is_read_and_written():
    text = "spiffe://cluster.local/ns/sample/sa/sleep"
    assert SpiffeId.parse(text) == SpiffeId("cluster.local", "sample", "sleep")
    assert str(SpiffeId.parse(text)) == text


def test_an_at_sign_in_a_trust_domain_becomes_a_dot():
    assert str(SpiffeId.of("team@example.com", "a", "b")) == "spiffe://team.example.com/ns/a/sa/b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cluster.local/ns/sample/sa/sleep",
        "https://cluster.local/ns/sample/sa/sleep",
        "spiffe://cluster.local/ns/sample/sa",
        "spiffe://cluster.local/ns/sample/sa/sleep/more",
        "spiffe://cluster.local/ns//sa/sleep",
        "spiffe:///ns/sample/sa/sleep",
        "spiffe://cluster.local/sa/sleep/ns/sample",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="not of the form"):
        SpiffeId.parse(text)
