"""The order of containers, which is the order in which they start.

Knows: what must run before what. Does not know what runs in them.
"""

from __future__ import annotations

from typing import Any

from isthmus.inject.containers import (
    CONTAINERS,
    INIT,
    INIT_CONTAINERS,
    PROXY,
    VALIDATION,
    find,
    first,
    last,
    listed,
    with_spec,
)

Json = dict[str, Any]


def ordered(pod: Json, hold_application: bool) -> Json:
    """The pod with its containers in order.

    A native sidecar starts right after the capture rules, so that other init containers are in the mesh.
    Otherwise the rules come last, because without a proxy they would cut those off; the proxy comes first only
    when the application is to be held back.
    """
    containers, inits = listed(pod, CONTAINERS), listed(pod, INIT_CONTAINERS)
    containers = first(containers, PROXY) if hold_application else last(containers, PROXY)
    if find(inits, PROXY) is not None:
        inits = first(inits, INIT, VALIDATION, PROXY)
    else:
        inits = last(first(inits, VALIDATION), INIT)
    return with_spec(pod, **{CONTAINERS: containers, INIT_CONTAINERS: inits})
