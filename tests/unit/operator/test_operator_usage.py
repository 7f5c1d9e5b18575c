"""Who uses which revision, by labels of namespaces and by labels and annotations of pods."""

import pytest

from isthmus.kube.events import Event
from isthmus.operator.resources.istio_revision_tag import IstioRevisionTagSpec, IstioRevisionTagStatus, TargetReference
from isthmus.operator.resources.resource import IstioRevisionTag, Metadata, Named
from isthmus.operator.usage import References, of_namespace, of_pod, users_of_revision


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"istio-injection": "enabled"}, "default"),
        ({"istio.io/rev": "canary"}, "canary"),
        ({"istio-injection": "enabled", "istio.io/rev": "canary"}, "default"),
        ({"istio-injection": "disabled", "istio.io/rev": "canary"}, None),
        ({}, None),
    ],
)
def test_a_namespace_names_one_revision(labels: dict[str, str], name: str | None) -> None:
    assert of_namespace(labels) == (frozenset() if name is None else {name})


@pytest.mark.parametrize(
    ("labels", "annotations", "names"),
    [
        ({}, {"istio.io/rev": "canary"}, {"canary"}),
        ({"istio.io/rev": "prod"}, {"istio.io/rev": "canary"}, {"prod", "canary"}),
        ({"sidecar.istio.io/inject": "true"}, {}, {"default"}),
        ({"sidecar.istio.io/inject": "true", "istio.io/rev": "canary"}, {}, {"canary"}),
        ({"app": "istiod", "sidecar.istio.io/inject": "false", "istio.io/rev": "default"}, {}, set()),
        ({}, {}, set()),
    ],
)
def test_a_pod_uses_what_it_was_injected_by_and_what_it_asks_for(
    labels: dict[str, str], annotations: dict[str, str], names: set[str]
) -> None:
    assert of_pod(labels, annotations) == names


def pod(name: str, revision: str = "") -> Named:
    annotations = {"istio.io/rev": revision} if revision else {}
    return Named(metadata=Metadata(name=name, namespace="n", annotations=annotations))


def references() -> tuple[References, list[str]]:
    told: list[str] = []
    sink = References("pod", lambda found: of_pod(found.labels, found.annotations), lambda: told.append("changed"))
    return sink, told


def test_only_a_change_of_the_set_of_names_is_told() -> None:
    sink, told = references()
    sink.replace([pod("a", "x"), pod("b")])
    assert (sink.users("x"), told) == (("pod n/a",), ["changed"])
    sink.change([Event("ADDED", pod("c", "x")), Event("MODIFIED", pod("b"))])
    sink.change([Event("DELETED", pod("a", "x"))])
    assert (sink.users("x"), told) == (("pod n/c",), ["changed"])
    sink.change([Event("MODIFIED", pod("c", "y"))])
    assert (sink.users("x"), sink.users("y"), told) == ((), ("pod n/c",), ["changed"] * 2)
    sink.replace([])
    assert (sink.users("y"), told) == ((), ["changed"] * 3)


def tag(kind: str, name: str = "prod") -> IstioRevisionTag:
    reference = TargetReference(kind=kind, name="any")  # type: ignore[arg-type] # parametrized
    return IstioRevisionTag(
        metadata=Metadata(name=name),
        spec=IstioRevisionTagSpec(target_ref=reference),
        status=IstioRevisionTagStatus(istio_revision="canary"),
    )


def test_a_revision_is_used_by_those_who_name_it_or_its_tags() -> None:
    sink, _ = references()
    sink.replace([pod("a", "canary"), pod("b", "prod")])
    assert users_of_revision("canary", [tag("Istio")], [sink]) == ["pod n/a", "pod n/b"]
    assert users_of_revision("other", [tag("Istio")], [sink]) == []


def test_a_tag_that_names_a_revision_keeps_it_and_one_that_names_an_istio_does_not() -> None:
    sink, _ = references()
    assert users_of_revision("canary", [tag("IstioRevision")], [sink]) == ["IstioRevisionTag prod"]
    assert users_of_revision("canary", [tag("Istio")], [sink]) == []
