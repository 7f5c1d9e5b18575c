"""What is learnt from curl's output."""

from isthmus.cli.demo.traffic import parse


def test_answers_are_counted_by_version_and_pod():
    heard = parse(
        "Hello version: v1, instance: a\nHello version: v2, instance: b\nHello version: v1, instance: a\n", "", 3
    )
    assert heard.instances == (("v1", "a", 2), ("v2", "b", 1))
    assert heard.versions == {"v1", "v2"}
    assert heard.errors == ()


def test_what_is_no_answer_is_kept_once():
    error = "curl: (28) Operation timed out\n"
    heard = parse("upstream connect error\nHello version: v1, instance: a\n", error * 2, 4)
    assert heard.errors == ("upstream connect error", "curl: (28) Operation timed out")
    assert heard.versions == {"v1"}
