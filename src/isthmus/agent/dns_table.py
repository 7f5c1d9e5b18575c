"""Resolution of names in the mesh: the control plane's table as the pod sees it.

Knows: the short forms of a service's name, the pod's search domain, wildcards (contract 5.13).
Does not know DNS messages or servers.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from isthmus.agent.dns_message import AAAA, A, Addresses
from isthmus.agent.messages.names import NameInfo

_KUBERNETES = "Kubernetes"

Shuffle = Callable[[list[str]], None]


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """From where names are asked: the pod's DNS domain (``ns.svc.cluster.local``) and its first search domain."""

    domain: str
    search: str = ""


class DnsTable:
    """An immutable table. Names are asked in lower case and with a final dot."""

    def __init__(self, names: Mapping[str, NameInfo], viewpoint: Viewpoint) -> None:
        self._search = f".{viewpoint.search.strip('.')}." if viewpoint.search else ""
        self._exact: dict[str, tuple[str, ...]] = {}
        self._wildcard: dict[str, tuple[str, ...]] = {}
        for host, info in names.items():
            for form in _forms(host.lower(), info, viewpoint):
                table = self._wildcard if form.startswith("*.") else self._exact
                table.setdefault(form.removeprefix("*"), info.ips)

    def resolve(self, name: str, kind: int, shuffle: Shuffle = random.shuffle) -> Addresses | None:
        """Addresses of a family (``A`` or ``AAAA``) in random order; None for a name that the mesh does not know.

        A known name without an address of the family has an empty answer: asking elsewhere would be wrong.
        """
        found = self._addresses(name)
        if found is not None:
            return Addresses((), _of_family(found, kind, shuffle))
        if not self._search or not name.endswith(self._search):
            return None
        # The pod's resolver tries its search domain first: answered at once, that costs one round trip, not two.
        short = name.removesuffix(self._search) + "."
        found = self._addresses(short)
        return None if found is None else Addresses((short,), _of_family(found, kind, shuffle))

    def _addresses(self, name: str) -> tuple[str, ...] | None:
        if name in self._exact:
            return self._exact[name]
        return next((self._wildcard[suffix] for suffix in _suffixes(name) if suffix in self._wildcard), None)


def _suffixes(name: str) -> Iterator[str]:
    """``.b.c.``, ``.c.`` of ``a.b.c.``: the most specific first."""
    position = name.find(".")
    while position >= 0 and position < len(name) - 1:
        yield name[position:]
        position = name.find(".", position + 1)


def _forms(host: str, info: NameInfo, viewpoint: Viewpoint) -> Iterator[str]:
    """All names under which a host is known, each with a final dot."""
    for name in (host, *info.alternatives):
        yield name.strip(".").lower() + "."
    namespace, _, cluster_domain = viewpoint.domain.strip(".").partition(".")
    if info.registry != _KUBERNETES or not info.short_name or not host.endswith(f".{cluster_domain}"):
        return
    within = f"{info.short_name}.{info.namespace}"
    yield f"{within}."
    yield f"{within}.svc."
    if info.namespace == namespace:
        yield f"{info.short_name}."


def _of_family(addresses: Sequence[str], kind: int, shuffle: Shuffle) -> tuple[str, ...]:
    version = {A: 4, AAAA: 6}[kind]
    chosen = [address for address in addresses if ipaddress.ip_address(address).version == version]
    shuffle(chosen)
    return tuple(chosen)
