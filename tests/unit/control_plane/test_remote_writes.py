"""Whose control plane a remote cluster asks for."""

from __future__ import annotations

import pytest

from isthmus.api.core_meta import CoreMeta
from isthmus.api.core_namespace import Namespace
from isthmus.control_plane.remote_writes import ANNOTATION, names_cluster


@pytest.mark.parametrize(
    ("annotation", "asked"),
    [("c1", True), ("c2, c1", True), ("*", True), ("c2,*", True), ("c11", False), ("c*", False), ("", False)],
)
def test_an_annotation_is_a_list_of_whole_names_or_a_star(annotation: str, asked: bool) -> None:
    namespace = Namespace(metadata=CoreMeta(name="istio-system", annotations={ANNOTATION: annotation}))
    assert names_cluster(namespace, "c1") is asked


def test_a_namespace_that_is_missing_or_says_nothing_asks_for_nobody() -> None:
    assert not names_cluster(None, "c1")
    assert not names_cluster(Namespace(metadata=CoreMeta(name="istio-system")), "c1")
