"""What discovery tells about changes, in the words of streams."""

from isthmus.control_plane.proxies import in_words_of_streams
from isthmus.derive.changes import EVERY_NAME
from isthmus.xds.resources import ALL


def test_a_proxy_that_moved_is_told_of_everything() -> None:
    assert dict(in_words_of_streams({"a": {"clusters": {EVERY_NAME}}})) == {"a": {"clusters": ALL}}


def test_names_are_passed_on_once_for_all_proxies_that_share_them() -> None:
    shared = {"clusters": {"one"}, "routes": {"80"}}
    told = dict(in_words_of_streams({"a": shared, "b": shared}))
    assert told["a"] == shared
    assert told["a"] is told["b"]
