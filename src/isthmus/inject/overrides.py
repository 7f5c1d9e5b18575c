"""A user's own settings of the containers that templates bring, such as a gateway's ``image: auto`` container.

Knows: that the user has the last word, and where it is written down. Does not know templates.
"""

from __future__ import annotations

import json
from typing import Any

from isthmus.inject import metadata, reinjection
from isthmus.inject.containers import (
    CONTAINERS,
    INIT,
    INIT_CONTAINERS,
    VALIDATION,
    each,
    find,
    listed,
    proxy,
    with_spec,
    without,
)
from isthmus.inject.overlay import overlay

Json = dict[str, Any]

_AUTO_IMAGE = "auto"
_TRANSPARENT = "TPROXY"


def without_brought(pod: Json, rendered: Json) -> Json:
    """The pod without the containers that the templates bring: what the user says of those comes on top, later."""
    names = [container["name"] for field in (CONTAINERS, INIT_CONTAINERS) for container in listed(rendered, field)]
    return with_spec(pod, **{field: without(listed(pod, field), *names) for field in (CONTAINERS, INIT_CONTAINERS)})


def reapplied(injected: Json, original: Json, rendered: Json) -> Json:
    """The pod with the user's settings laid over the rendered containers, and kept for later injections."""
    earlier = reinjection.overrides_of(original)
    brought_before = reinjection.previously_injected(original)
    kept: dict[str, list[Json]] = {CONTAINERS: [], INIT_CONTAINERS: []}
    for field in (CONTAINERS, INIT_CONTAINERS):
        for container in listed(rendered, field):
            name = container["name"]
            own = _own(name, original, earlier) if name not in brought_before or _any(earlier, name) else None
            if own is not None:
                own = {key: value for key, value in own.items() if (key, value) != ("image", _AUTO_IMAGE)}
                kept[field].append(own)
                injected = _with_own(injected, field, own)
    if not reinjection.was_injected(original) and (kept[CONTAINERS] or kept[INIT_CONTAINERS]):
        written = {field: containers for field, containers in kept.items() if containers}
        injected = metadata.annotated(injected, {metadata.OVERRIDES: json.dumps(written, separators=(",", ":"))})
    return injected


def _own(name: str, original: Json, earlier: dict[str, list[Json]]) -> Json | None:
    """What the user says of a container, in whichever list it stands."""
    places = (earlier[CONTAINERS], earlier[INIT_CONTAINERS], listed(original, CONTAINERS))
    for containers in (*places, listed(original, INIT_CONTAINERS)):
        found = find(containers, name)
        if found is not None:
            return found
    return None


def _any(earlier: dict[str, list[Json]], name: str) -> bool:
    return any(find(containers, name) is not None for containers in earlier.values())


def _with_own(pod: Json, field: str, own: Json) -> Json:
    """The user's settings over the container in the list where the template has it."""
    changed = [overlay(item, own) if item.get("name") == own["name"] else item for item in listed(pod, field)]
    return with_spec(pod, **{field: changed})


def with_proxys_user(pod: Json, mode: str) -> Json:
    """Capture rules exempt the proxy by its user: they follow when the user runs the proxy as another one."""
    context = (proxy(pod) or {}).get("securityContext") or {}
    user, group = context.get("runAsUser"), context.get("runAsGroup")
    if mode == _TRANSPARENT or user in (None, 0, 1337):
        return pod
    return each(pod, lambda item: _exempting(item, user, group))


def _exempting(container: Json, user: int, group: int | None) -> Json:
    if container.get("name") not in (INIT, VALIDATION):
        return container
    args = list(container.get("args") or ())
    if "-u" in args[:-1]:
        args[args.index("-u") + 1] = str(user)
    changed = {**container, "args": args}
    if container["name"] == INIT:
        return changed
    context = {**(container.get("securityContext") or {}), "runAsUser": user}
    return {**changed, "securityContext": {**context, **({"runAsGroup": group} if group is not None else {})}}
