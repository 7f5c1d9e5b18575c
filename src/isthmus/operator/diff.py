"""What of the wanted objects is not so in the cluster, and what there is that nobody wants any more.

Knows how the API server completes objects: a live one may have more fields than the wanted one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from isthmus.install.manifests import Identity, identity
from isthmus.install.render import Object


class Changes(msgspec.Struct, frozen=True):
    """What is to be done: objects to apply, in their order, and objects to delete."""

    apply: tuple[Object, ...] = ()
    delete: tuple[Identity, ...] = ()


def changes(wanted: Sequence[Object], live: Mapping[Identity, Object]) -> Changes:
    """How to get from the live objects of a resource to the wanted ones."""
    known = {identity(found) for found in wanted}
    lacking = (found for found in wanted if not contains(live.get(identity(found)), found))
    return Changes(tuple(lacking), tuple(sorted(each for each in live if each not in known)))


def contains(live: Any, wanted: Any) -> bool:
    """Report whether a live value has everything that the wanted one says. Empty is as good as absent."""
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            return not wanted
        return all(contains(live.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list | tuple):
        return _contains_list(live if isinstance(live, list | tuple) else (), wanted)
    if live is None:
        return wanted in (None, "", 0, False)
    return bool(live == wanted)


def _contains_list(live: Sequence[Any], wanted: Iterable[Any]) -> bool:
    entries = list(wanted)
    return len(live) == len(entries) and all(map(contains, live, entries))
