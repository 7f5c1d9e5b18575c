"""The text at the end."""

from datetime import UTC, datetime, timedelta

from isthmus.cli.demo.evidence import Certificate, Endpoint
from isthmus.cli.demo.summary import Side, describe, next_steps
from isthmus.cli.demo.traffic import Answers

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Certificate("Root", "Root", NOW + timedelta(days=3650), "f" * 64)


def side(number, gateway, answers, endpoints):
    certificate = Certificate("spiffe://x", f"CA of cluster{number}", NOW + timedelta(hours=24), "a" * 64)
    return Side(
        f"cluster{number}", f"network{number}", "10.10.0.0/16", "https://api", f"v{number}",
        gateway, certificate, answers, endpoints,
    )  # fmt: skip


def two_sides():
    heard = Answers(10, (("v1", "pod-1", 6), ("v2", "pod-2", 3)), ("curl: (28) timed out",))
    return (
        side(1, "172.30.1.128", heard, (Endpoint("10.10.1.3:5000", True, 6), Endpoint("172.30.2.128:15443", True, 3))),
        side(2, "172.30.2.128", Answers(10, (("v1", "pod-1", 10),), ()), (Endpoint("10.10.1.4:5000", True, 0),)),
    )


def test_each_answer_is_told_with_where_it_came_from():
    text = describe(two_sides(), ROOT, NOW)
    assert "10 requests from cluster1, 9 answers:" in text
    assert "  6 x v1  pod-1  in the same cluster, at 10.10.1.3:5000\n" in text
    assert "  3 x v2  pod-2  in cluster2, over mTLS through its gateway 172.30.2.128:15443\n" in text
    assert "  not an answer: curl: (28) timed out\n" in text


def test_a_way_that_the_sidecar_did_not_take_is_not_claimed():
    assert "10 x v1  pod-1  in cluster1, past its gateway" in describe(two_sides(), ROOT, NOW)


def test_certificates_are_told_with_issuer_expiry_and_fingerprint():
    text = describe(two_sides(), ROOT, NOW)
    assert "cluster1        spiffe://x  CA of cluster1  in 24 h       aaaaaaaaaaaaaaaa\n" in text
    assert "the root        Root        Root            in 3650 days  ffffffffffffffff\n" in text


def test_next_steps_name_the_lab_when_it_is_not_the_usual_one():
    assert "isthmus lab down --name other" in next_steps(("a", "b"), "other", "eval")
    assert "isthmus lab down\n" in next_steps(("a", "b"), "lab", "eval")
