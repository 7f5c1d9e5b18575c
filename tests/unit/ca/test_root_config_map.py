"""Every namespace has the roots' ConfigMap, except those that need none."""

from isthmus.ca.root_config_map import Coverage, FoundConfigMap, Owner, wanted

HOME = "istio-system"
(WANTED,) = wanted(b"root\n", b"")
OWNER = Owner(HOME, f"uid-{HOME}")
LABELS = {"istio.io/config": "true"}
DATA = {"root-cert.pem": "root\n"}


def there(namespace: str, labels: dict | None = None, data: dict | None = None, owner: str = OWNER.uid):
    labels, data = LABELS if labels is None else labels, DATA if data is None else data
    return FoundConfigMap(namespace, WANTED.name, labels, data, frozenset({owner, "another's"}))


def coverage(*namespaces: str) -> Coverage:
    result = Coverage(HOME)
    result.want((WANTED,))
    result.set_namespaces(uids(*namespaces, HOME))
    result.put_found(there(HOME))
    return result


def uids(*namespaces: str) -> dict[str, str]:
    return {name: f"uid-{name}" for name in namespaces}


def written(work: Coverage) -> dict[str, tuple]:
    """Everything that is to be written, as if it were written."""
    result = {}
    while (due := work.take()) is not None:
        namespace, missing = due
        result[namespace] = missing
        for one in missing:
            body = one.body(namespace, work.owner)
            owners = frozenset(each["uid"] for each in body["metadata"]["ownerReferences"])
            work.put_found(FoundConfigMap(namespace, one.name, body["metadata"]["labels"], body["data"], owners))
    return result


def test_every_namespace_gets_it_once_except_the_ignored_ones():
    work = coverage("a", "kube-system", "kube-public", "kube-node-lease", "local-path-storage")
    assert written(work) == {"a": (WANTED,), "kube-system": (WANTED,)}
    assert written(work) == {}


def test_a_new_namespace_gets_it():
    work = coverage()
    work.put_namespace("late", "uid-late")
    work.put_namespace("kube-public", "uid")
    assert written(work) == {"late": (WANTED,)}


def test_a_deleted_or_modified_one_is_written_again():
    work = coverage("a", "b", "c", "d")
    written(work)
    work.drop_found("a", WANTED.name)
    work.put_found(there("b", data={"root-cert.pem": "evil"}))
    work.put_found(there("c", labels={}))
    work.put_found(there("d", owner="a control plane that was here before"))
    assert set(written(work)) == {"a", "b", "c", "d"}


def test_additions_of_others_do_no_harm():
    work = coverage("a")
    work.put_found(there("a", {**LABELS, "mine": "too"}, {**DATA, "more": "data"}))
    assert written(work) == {}


def test_a_changed_root_goes_everywhere():
    work = coverage("a", "b")
    written(work)
    work.want(wanted(b"new\n", b""))
    assert set(written(work)) == {"a", "b", HOME}


def test_a_revocation_list_has_its_own():
    work = coverage("a")
    work.want(wanted(b"root\n", b"crl\n"))
    assert [one.name for one in written(work)["a"]] == ["istio-ca-root-cert", "istio-ca-crl"]


def test_a_namespace_that_is_being_deleted_is_left_alone():
    work = coverage("a", "b")
    work.drop_namespace("a")
    work.drop_found("a", WANTED.name)
    assert set(written(work)) == {"b"}


def test_what_failed_comes_again_after_the_others():
    work = coverage("a", "b")
    namespace, _ = work.take()
    work.retry(namespace)
    assert [work.take()[0], work.take()[0], work.take()] == ["b" if namespace == "a" else "a", namespace, None]


def test_a_full_list_replaces_what_was_known():
    work = coverage("a", "b")
    written(work)
    work.set_found([there("a")])
    assert set(written(work)) == {"b", HOME}
    work.set_namespaces(uids("b", HOME))
    work.set_found([])
    assert set(written(work)) == {"b", HOME}


def test_a_modified_one_keeps_what_others_wrote_in_it():
    other = {"apiVersion": "v1", "kind": "Namespace", "name": "other", "uid": "another's"}
    metadata = {"name": "n", "resourceVersion": "7", "labels": {"team": "x"}, "ownerReferences": [other]}
    found = {"metadata": metadata, "data": {"root-cert.pem": "wrong", "more": "kept"}}
    merged = WANTED.merged_into(found, OWNER)
    assert merged["metadata"]["labels"] == {"team": "x", "istio.io/config": "true"}
    assert merged["metadata"]["ownerReferences"] == OWNER.added_to([other])
    assert [one["uid"] for one in OWNER.added_to(OWNER.added_to([other]))] == ["another's", OWNER.uid]
    assert merged["data"] == {"root-cert.pem": "root\n", "more": "kept"}
    assert WANTED.merged_into({"metadata": {"name": "n"}, "data": None}, OWNER)["data"] == DATA


def test_what_is_made_goes_with_the_namespace_of_the_control_plane():
    (reference,) = WANTED.body("a", coverage().owner)["metadata"]["ownerReferences"]
    assert reference == {"apiVersion": "v1", "kind": "Namespace", "name": HOME, "uid": f"uid-{HOME}"}


def test_nothing_is_written_while_the_namespace_of_the_control_plane_is_not_there():
    work = coverage("a")
    work.drop_namespace(HOME)
    assert written(work) == {}
    work.put_namespace(HOME, "another")
    assert set(written(work)) == {"a", HOME}
    assert work.owner == Owner(HOME, "another")
