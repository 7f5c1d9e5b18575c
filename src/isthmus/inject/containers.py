"""Reading and changing a pod's lists of containers. Knows their names; does not know what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Json = dict[str, Any]

PROXY, INIT, VALIDATION = "istio-proxy", "istio-init", "istio-validation"
CONTAINERS, INIT_CONTAINERS = "containers", "initContainers"


def listed(pod: Json, field: str) -> list[Json]:
    """The containers of a pod in one of its lists; empty when it has none."""
    return list((pod.get("spec") or {}).get(field) or ())


def find(containers: Sequence[Json], name: str) -> Json | None:
    """The container of a name."""
    return next((container for container in containers if container.get("name") == name), None)


def without(containers: Sequence[Json], *names: str) -> list[Json]:
    """All containers but those of some names."""
    return [container for container in containers if container.get("name") not in names]


def first(containers: Sequence[Json], *names: str) -> list[Json]:
    """The containers of some names, in that order, then the others."""
    moved = [found for name in names if (found := find(containers, name)) is not None]
    return moved + without(containers, *names)


def last(containers: Sequence[Json], *names: str) -> list[Json]:
    """The other containers, then those of some names, in that order."""
    moved = [found for name in names if (found := find(containers, name)) is not None]
    return without(containers, *names) + moved


def with_spec(pod: Json, **fields: Any) -> Json:
    """The pod with fields of its spec replaced; an empty list is left out, as the API server would."""
    spec = {**(pod.get("spec") or {}), **fields}
    return {**pod, "spec": {name: value for name, value in spec.items() if value != [] or name not in fields}}


def each(pod: Json, change: Callable[[Json], Json]) -> Json:
    """The pod with every container changed, init containers as well."""
    fields = {field: [change(item) for item in listed(pod, field)] for field in (CONTAINERS, INIT_CONTAINERS)}
    return with_spec(pod, **fields)


def proxy(pod: Json) -> Json | None:
    """The proxy's container, whichever list it is in."""
    return find(listed(pod, CONTAINERS), PROXY) or find(listed(pod, INIT_CONTAINERS), PROXY)


def with_proxy(pod: Json, change: Callable[[Json], Json]) -> Json:
    """The pod with its proxy's container changed; the same pod when it has none."""
    return each(pod, lambda item: change(item) if item.get("name") == PROXY else item)


def add_variables(container: Json, variables: dict[str, str]) -> Json:
    """The container with environment variables set, new ones at the end."""
    if not variables:
        return container
    env = list(container.get("env") or ())
    known = {entry["name"]: index for index, entry in enumerate(env)}
    for name, value in variables.items():
        entry = {"name": name, "value": value}
        if name in known:
            env[known[name]] = entry
        else:
            env.append(entry)
    return {**container, "env": env}


def variable(container: Json | None, name: str) -> str:
    """The value of an environment variable; empty when there is no such variable or no such container."""
    entries = (container or {}).get("env") or ()
    return next((entry.get("value", "") for entry in entries if entry["name"] == name), "")
