"""Which upgrades are safe."""

import pytest

from isthmus.install.upgrade import Running, obstacles


def running(version: str, revision: str = "default") -> list[Running]:
    return [Running("istio-system", "istiod", revision, version)]


@pytest.mark.parametrize("version", ["1.2.0", "1.1.9", "1.2.0-rc.1", "1.2", "unknown"])
def test_a_step_of_at_most_one_minor_version_is_safe_and_what_cannot_be_read_does_not_stop(version: str) -> None:
    assert obstacles(running(version), "default", "1.2.3") == []


def test_back_in_place_is_not_safe_and_a_second_revision_may_be_older() -> None:
    assert obstacles(running("1.3.0"), "default", "1.2.3") == ["istiod has version 1.3.0, which is newer than 1.2.3"]
    assert obstacles(running("1.3.0"), "canary", "1.2.3") == []


@pytest.mark.parametrize("revision", ["default", "canary"])
def test_minor_versions_are_gone_one_at_a_time(revision: str) -> None:
    assert obstacles(running("1.1.0"), revision, "1.3.0") == [
        "istiod has version 1.1.0: 1.3.0 is 2 minor versions ahead; go one at a time"
    ]
    assert len(obstacles(running("0.9.0"), revision, "1.0.0")) == 1
