"""Filter chain matches: Envoy refuses a listener in which two chains would take the same connection."""

from __future__ import annotations

from collections.abc import Iterable

from isthmus.translate.values import Fields

_ANY = ""


def distinct(chains: Iterable[Fields]) -> list[Fields]:
    """The chains without server names that an earlier chain takes already; chains that keep none are left out."""
    taken: set[tuple[str, str]] = set()
    result: list[Fields] = []
    for chain in chains:
        match = chain.get("filter_chain_match", {})
        rest = repr(sorted((name, value) for name, value in match.items() if name != "server_names"))
        names = list(dict.fromkeys(name.lower() for name in match.get("server_names", ()))) or [_ANY]
        free = [name for name in names if (name, rest) not in taken]
        taken.update((name, rest) for name in free)
        if free == [_ANY]:
            result.append(chain)
        elif free:
            result.append({**chain, "filter_chain_match": {**match, "server_names": free}})
    return result
