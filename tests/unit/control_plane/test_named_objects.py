"""Objects by name, and when those who use them are told."""

from isthmus.api.core_meta import LabelledMeta
from isthmus.api.core_secret import ConfigMap
from isthmus.control_plane.named_objects import NamedObjects
from isthmus.kube.events import Event


def config_map(**data: str) -> ConfigMap:
    return ConfigMap(metadata=LabelledMeta(namespace="istio-system", name="istio"), data=data)


def test_a_change_is_told_and_an_event_that_changes_nothing_is_not() -> None:
    told: list[dict[str, str]] = []
    maps: NamedObjects[ConfigMap] = NamedObjects(lambda: told.append({k: v.data["mesh"] for k, v in _by_name(maps)}))
    maps.replace([config_map(mesh="a")])
    maps.change([Event("MODIFIED", config_map(mesh="a"))])
    maps.change([Event("MODIFIED", config_map(mesh="b"))])
    maps.change([Event("DELETED", config_map(mesh="b"))])
    maps.change([Event("DELETED", config_map(mesh="b"))])
    assert told == [{"istio": "a"}, {"istio": "b"}, {}]


def test_an_empty_list_is_told_too() -> None:
    told: list[int] = []
    NamedObjects[ConfigMap](lambda: told.append(1)).replace([])
    assert told == [1]


def _by_name(maps: NamedObjects[ConfigMap]) -> list[tuple[str, ConfigMap]]:
    return [(name, found) for (_, name), found in maps.objects.items()]
