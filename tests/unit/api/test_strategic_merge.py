"""Patches find list elements by the keys that Kubernetes uses."""

from isthmus.api.strategic_merge import patched


def test_containers_and_their_variables_merge_by_name() -> None:
    target = {"containers": [{"name": "a", "image": "x", "env": [{"name": "E", "value": "1"}]}, {"name": "b"}]}
    patch = {"containers": [{"name": "a", "env": [{"name": "E", "value": "2"}, {"name": "F", "value": "3"}]}]}
    assert patched(target, patch) == {
        "containers": [
            {"name": "a", "image": "x", "env": [{"name": "E", "value": "2"}, {"name": "F", "value": "3"}]},
            {"name": "b"},
        ]
    }


def test_ports_merge_by_number_in_services_and_by_container_port_in_pods() -> None:
    assert patched({"ports": [{"port": 80}]}, {"ports": [{"port": 80, "name": "http"}, {"port": 443}]}) == {
        "ports": [{"port": 80, "name": "http"}, {"port": 443}]
    }
    assert patched({"ports": [{"containerPort": 80}]}, {"ports": [{"containerPort": 80, "hostPort": 8}]}) == {
        "ports": [{"containerPort": 80, "hostPort": 8}]
    }


def test_lists_without_merge_key_are_replaced() -> None:
    assert patched({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}) == {"tolerations": [{"key": "b"}]}


def test_null_deletes_and_directives_do_what_they_say() -> None:
    assert patched({"a": 1, "b": 2}, {"a": None}) == {"b": 2}
    assert patched({"m": {"a": 1}}, {"m": {"$patch": "replace", "b": 2}}) == {"m": {"b": 2}}
    assert patched({"env": [{"name": "a"}, {"name": "b"}]}, {"env": [{"name": "a", "$patch": "delete"}]}) == {
        "env": [{"name": "b"}]
    }
