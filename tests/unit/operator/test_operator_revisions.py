"""What the revisions of an `Istio` are called, what they are made from, and when they go."""

import pytest

from isthmus.operator.errors import SpecError
from isthmus.operator.resources.istio import IstioSpec, UpdateStrategy
from isthmus.operator.resources.istio_revision import IstioRevisionSpec
from isthmus.operator.resources.resource import Istio, IstioRevision, Metadata, OwnerReference
from isthmus.operator.resources.status import Condition, Status
from isthmus.operator.resources.versions import ALIASES, NEWEST, RELEASES, resolved
from isthmus.operator.revisions import active_name, active_spec, check, owned, retirement

BESIDE = UpdateStrategy(type="RevisionBased", inactive_revision_deletion_grace_period_seconds=30)
ISTIO = Istio(metadata=Metadata(name="default", uid="1"), spec=IstioSpec(update_strategy=BESIDE))


def revision(name: str, owner: str = "1", unused_since: str = "", created: str = "") -> IstioRevision:
    conditions = ()
    if unused_since:
        unused = Condition(type="InUse", status="False", reason="", last_transition_time=unused_since)
        conditions = (unused,)
    references = (OwnerReference(uid=owner),)
    metadata = Metadata(name=name, owner_references=references, creation_timestamp=created)
    return IstioRevision(metadata=metadata, spec=IstioRevisionSpec(), status=Status(conditions=conditions))


def test_in_place_the_revision_has_the_name_of_its_istio() -> None:
    assert active_name("mesh", IstioSpec(version="v1.24.1")) == "mesh"


@pytest.mark.parametrize(("version", "name"), [("v1.24.1", "default-v1-24-1"), ("v1.24-latest", "default-v1-24-6")])
def test_based_on_revisions_the_name_carries_the_release(version: str, name: str) -> None:
    assert active_name("default", IstioSpec(version=version, update_strategy=BESIDE)) == name


def test_a_name_too_long_for_a_label_is_refused() -> None:
    with pytest.raises(SpecError, match="longer than 63 characters"):
        active_spec("x" * 60, IstioSpec(update_strategy=BESIDE), "")


def test_aliases_lead_to_releases() -> None:
    assert {resolved(alias) for alias in ALIASES} <= set(RELEASES)
    assert resolved("master") == NEWEST == RELEASES[0]


def test_values_win_over_the_profile_and_that_over_the_platforms() -> None:
    spec = IstioSpec(profile="demo", values={"global": {"network": "n"}})
    values = active_spec("default", spec, "openshift").values
    assert values == {"profile": "demo", "global": {"platform": "openshift", "network": "n"}}


@pytest.mark.parametrize("profile", ["remote", "external"])
def test_remote_and_external_use_a_control_plane_elsewhere(profile: str) -> None:
    assert active_spec("default", IstioSpec(profile=profile), "").values == {"profile": profile}


@pytest.mark.parametrize("profile", ["ambient", "openshift-ambient"])
def test_profiles_of_ambient_mode_are_refused(profile: str) -> None:
    with pytest.raises(SpecError, match=f"{profile} needs ztunnel"):
        active_spec("default", IstioSpec(profile=profile), "")


def test_values_may_repeat_what_the_resource_says_but_not_contradict_it() -> None:
    check("default", IstioRevisionSpec(values={"revision": "", "global": {"istioNamespace": "istio-system"}}))
    check("canary", IstioRevisionSpec(values={"revision": "canary"}))
    with pytest.raises(SpecError, match=r"spec\.values.revision: 'other' contradicts metadata\.name"):
        check("canary", IstioRevisionSpec(values={"revision": "other"}))


def test_only_own_revisions_count_oldest_first() -> None:
    found = owned(ISTIO, [revision("b", created="2"), revision("x", owner="2"), revision("a", created="1")])
    assert [each.name for each in found] == ["a", "b"]


def test_inactive_revisions_go_after_the_grace_period() -> None:
    mine = [
        revision("active", unused_since="2026-01-01T00:00:00Z"),
        revision("long-unused", unused_since="2026-01-01T00:00:00Z"),
        revision("just-left", unused_since="2026-01-01T00:00:50Z"),
        revision("used"),
    ]
    found = retirement(ISTIO, mine, "active", 1767225600.0 + 60)
    assert [each.name for each in found.now] == ["long-unused"]
    assert found.again == 20.0
