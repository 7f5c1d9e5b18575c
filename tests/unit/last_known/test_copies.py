"""A copy says what the cluster said, or is told to be damaged; it is whole wherever its writer was stopped."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from copied_rows import UID, World

from isthmus.api.core_meta import CoreMeta
from isthmus.api.core_secret import Secret
from isthmus.control_plane.last_known import packing
from isthmus.control_plane.last_known.packing import DamagedCopyError, Head, origin_of, pack, read_head, unpack
from isthmus.control_plane.last_known.rows import Rows, batch_of, rows_of
from isthmus.control_plane.last_known.secrets import assemble, head_body, head_name, part_body, part_names
from isthmus.kube.access import Access


@pytest.fixture
def rows() -> Rows:
    world = World()
    world.fill("far")
    return rows_of(world.sources, "far")


def test_a_copy_brings_back_all_rows_of_the_cluster_and_of_no_other(rows: Rows) -> None:
    read, served = World(), World()
    for world in (read, served):
        world.fill("near")
    read.fill("far")
    served.graph.apply(batch_of(served.sources, "far", unpack(pack(rows).parts)))
    expected, found = read.rows(), served.rows()
    shop = expected["namespaces"].pop(("far", "shop"))
    assert found["namespaces"].pop(("far", "shop")).metadata.annotations == {"team": "a"}
    assert shop.metadata.labels == {"istio-injection": "enabled"}
    assert found == expected


def test_a_copy_takes_the_place_of_what_is_there(rows: Rows) -> None:
    world = World()
    world.fill("far")
    world.graph.apply(batch_of(world.sources, "far", Rows(pods=rows.pods)))
    assert list(world.rows()) == ["pods"]


def test_a_cluster_is_known_by_its_namespace_kube_system(rows: Rows) -> None:
    assert rows.uid == UID
    assert Rows().uid == ""


def test_equal_clusters_have_equal_copies_whatever_the_order_of_events(rows: Rows) -> None:
    world = World()
    world.fill("far")
    namespaces = world.sources.namespaces
    batch = batch_of(world.sources, "far", msgspec.structs.replace(rows, namespaces=()))
    world.graph.apply(batch)
    world.graph.apply(batch_of(world.sources, "far", msgspec.structs.replace(rows, namespaces=rows.namespaces[::-1])))
    assert len(namespaces) == 2
    assert pack(rows_of(world.sources, "far")).digest == pack(rows).digest


def test_what_the_graph_does_not_read_is_not_in_a_copy(rows: Rows) -> None:
    assert b"PASSWORD" not in msgspec.msgpack.encode(rows)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "its head is not understood"),
        (b"{}", "its head is not understood"),
        (b'{"format":2}', "its format is 2, this version reads 1"),
        (b'{"format":1,"cluster":5}', "its head is not understood"),
    ],
)
def test_a_head_that_is_none_is_told(text: bytes, problem: str) -> None:
    with pytest.raises(DamagedCopyError, match=problem):
        read_head(text)


@pytest.mark.parametrize("content", [b"", b"x", b"\x78\x9c", b"\x78\x9c\x03\x00\x00\x00\x00\x01"])
def test_rows_that_are_none_are_told(content: bytes) -> None:
    with pytest.raises(DamagedCopyError):
        unpack((content,))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"token": "rotated"}, True),
        ({"client_cert_pem": b"x", "client_key_pem": b"y"}, True),
        ({"server": "https://10.0.0.2:6443"}, False),
        ({"ca_pem": b"other"}, False),
        ({"tls_server_name": "other"}, False),
    ],
)
def test_a_rotated_credential_leads_to_the_same_cluster(change: dict[str, Any], same: bool) -> None:
    access = Access(server="https://10.0.0.1:6443", ca_pem=b"ca", token="t")
    assert (origin_of(msgspec.structs.replace(access, **change)) == origin_of(access)) is same


class Store:
    """Secrets by name, and every state that a reader could meet while copies are written."""

    def __init__(self) -> None:
        self.secrets: dict[str, Secret] = {}
        self.states: list[tuple[Secret, ...]] = []

    def put(self, body: dict[str, Any]) -> None:
        name = body["metadata"]["name"]
        data = msgspec.convert(body["data"], dict[str, bytes])
        self.secrets[name] = Secret(metadata=CoreMeta(name=name), data=data, type=body["type"])
        self.states.append(tuple(self.secrets.values()))

    def delete(self, name: str) -> None:
        self.secrets.pop(name, None)
        self.states.append(tuple(self.secrets.values()))


def head_of(cluster: str, rows: Rows) -> tuple[Head, tuple[bytes, ...]]:
    packed = pack(rows)
    head = Head(cluster=cluster, uid=rows.uid, origin="o", as_of=1.0, digest=packed.digest, parts=len(packed.parts))
    return head, packed.parts


def write(store: Store, cluster: str, rows: Rows) -> Head:
    """The order in which the store writes."""
    head, parts = head_of(cluster, rows)
    for name, part in zip(part_names(head), parts, strict=True):
        store.put(part_body("system", name, part))
    store.put(head_body("system", head))
    return head


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "PART_BYTES", 100)


@pytest.mark.usefixtures("small_parts")
def test_a_reader_finds_a_whole_copy_wherever_the_writer_is(rows: Rows) -> None:
    store = Store()
    former = write(store, "far", rows)
    assert former.parts > 3
    start = len(store.states)
    newer = msgspec.structs.replace(rows, trust_domain="other.example")
    current = write(store, "far", newer)
    for name in part_names(former):
        store.delete(name)
    for state in store.states[start:]:
        found = assemble(state)
        assert not found.problems
        stored = found.copies["far"]
        assert stored.head.digest in (former.digest, current.digest)
        assert unpack(stored.parts) in (rows, newer)
    assert not assemble(store.states[-1]).strays
    assert assemble(store.states[start]).strays == (part_names(current)[0],)


@pytest.mark.usefixtures("small_parts")
def test_a_copy_without_all_parts_is_told(rows: Rows) -> None:
    store = Store()
    head = write(store, "far", rows)
    store.delete(part_names(head)[1])
    found = assemble(store.states[-1])
    assert not found.copies
    assert found.problems == {head_name("far"): f"it has {head.parts - 1} of {head.parts} parts"}


def test_a_copy_under_another_clusters_name_is_told(rows: Rows) -> None:
    store = Store()
    write(store, "far", rows)
    stolen = store.secrets[head_name("far")]
    metadata = msgspec.structs.replace(stolen.metadata, name=head_name("near"))
    found = assemble([*store.secrets.values(), msgspec.structs.replace(stolen, metadata=metadata)])
    assert set(found.copies) == {"far"}
    assert "it is a copy of cluster 'far'" in found.problems[head_name("near")]


@pytest.mark.parametrize("cluster", ["far", "Kubernetes", "a.b", "x" * 64, "far.0123456789abcdef.0", "ü"])
def test_every_cluster_has_a_valid_name_of_its_own(cluster: str) -> None:
    name = head_name(cluster)
    assert len(name) < 200
    assert all(char in "abcdefghijklmnopqrstuvwxyz0123456789.-" for char in name)
    assert name != head_name(cluster + "2")
