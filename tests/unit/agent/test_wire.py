"""The wire format's edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.agent.messages import wire


@given(st.integers(0, 2**64 - 1))
def test_integers_come_back(value):
    encoded = wire.varint(value)
    assert wire.read_varint(encoded, 0) == (value, len(encoded))


@pytest.mark.parametrize("data", [b"\x80", b"\x0a\x05ab", b"\x0b", b"\xff" * 12], ids=repr)
def test_what_ends_early_or_has_no_meaning_is_refused(data):
    with pytest.raises(wire.WireError):
        list(wire.fields(data))


def test_fixed_width_fields_are_passed_over():
    data = b"\x09" + bytes(8) + b"\x15" + bytes(4) + wire.text(3, "x")
    assert [number for number, _ in wire.fields(data)] == [1, 2, 3]


def test_the_last_value_of_a_singular_field_wins():
    assert wire.last_text(wire.grouped(wire.text(1, "a") + wire.text(1, "b")), 1) == "b"
