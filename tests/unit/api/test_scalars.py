"""Durations, YAML scalars and the words for values that do not fit."""

import msgspec
import pytest

from isthmus.api.connection_pool import TcpSettings
from isthmus.api.duration import optional_seconds, seconds
from isthmus.api.gateway import Gateway
from isthmus.api.peer_authentication import PeerAuthentication
from isthmus.api.reason import problem_of
from isthmus.api.yaml_text import YamlError, document, documents, numbered_documents


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("0s", 0.0),
        ("10s", 10.0),
        ("300ms", 0.3),
        ("1h30m", 5400.0),
        ("1.5h", 5400.0),
        (".5s", 0.5),
        ("-2s", -2.0),
        ("1m0.25s", 60.25),
        ("1us", 1e-6),
        ("100ns", 1e-7),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, value: float) -> None:
    assert seconds(text) == value
    assert msgspec.convert({"connectTimeout": text}, TcpSettings).connect_timeout == text


@pytest.mark.parametrize("text", ["", "10", "s", "1d", "1 s", "1s ", "--1s", "1.2.3s", "٣s", "1s\n\n"])
def test_what_is_no_duration_is_refused_by_parser_and_wire_form_alike(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        seconds(text)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"connectTimeout": text}, TcpSettings)


def test_a_duration_that_is_not_set_is_none() -> None:
    assert optional_seconds(None) is None
    assert optional_seconds("1s") == 1.0


def test_yaml_scalars_that_json_does_not_have_stay_text() -> None:
    text = "{date: 2024-01-02, clock: 12:30:45, octal: 017, hex: 0x1f, one: 1, half: 0.5, big: 1e3, yes: yes, eq: =}"
    assert document(text) == {
        "date": "2024-01-02",
        "clock": "12:30:45",
        "octal": "017",
        "hex": 31,
        "one": 1,
        "half": 0.5,
        "big": 1000.0,
        True: True,
        "eq": "=",
    }


def test_documents_know_their_lines_and_empty_ones_do_not_count() -> None:
    assert numbered_documents("---\na: 1\n---\n---\n\nb: 2\n") == [(2, {"a": 1}), (6, {"b": 2})]


@pytest.mark.parametrize("text", ["a: [", "a: 1\na b: {", "\tx", "a: !!python/object:os.system {}"])
def test_malformed_yaml_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(YamlError, match=r"line \d, column \d+: "):
        documents(text)


def test_a_second_document_is_refused_where_one_is_expected() -> None:
    with pytest.raises(YamlError, match="found 2"):
        document("a\n---\nb")


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (PeerAuthentication, {"portLevelMtls": {"http": {}}}, "spec.portLevelMtls: expected a number, found text"),
        (PeerAuthentication, {"mtls": {"mode": "X"}}, "spec.mtls.mode: Invalid enum value 'X'"),
        (Gateway, {"servers": [{"hosts": []}]}, "spec.servers[0]: required, but not set: 'port'"),
        (Gateway, [], "spec: expected a map, found a list"),
        (
            TcpSettings,
            {"connectTimeout": "5"},
            "spec.connectTimeout: expected a duration with units, such as 500ms, 10s or 1h30m",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_described_in_plain_words(kind: type, value: object, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(value, kind, strict=False)
    assert str(problem_of(error.value, "spec")) == said
