"""Debug pages over ADS: the types ``istio.io/debug``, ``istio.io/debug/syncz`` and ``istio.io/debug/config_dump``.

Knows Istio's two families of debug types (pilot/pkg/xds/debuggen.go and statusgen.go) and who may read them.
Does not know what the pages say: the control plane does, except for ``syncz``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from isthmus.model.identity import Caller
from isthmus.model.resource import Resource
from isthmus.rpc.refusal import Code, Refused
from isthmus.xds.order import DEBUG
from isthmus.xds.resources import content_version

SYNCZ = f"{DEBUG}/syncz"
CONFIG_DUMP = f"{DEBUG}/config_dump"

_OWN_NAMESPACE_PAGES = frozenset({"config_dump", "ndsz", "edsz"})


class DebugPages(Protocol):
    """What the control plane offers."""

    @property
    def identifier(self) -> str:
        """Who answers, as JSON: ``{"Component": "istiod", "ID": <pod>, "Info": {…}}``."""

    def page(self, request: str, namespace: str | None) -> bytes:
        """The body of ``/debug/<request>`` (``endpointz``, ``config_dump?proxyID=…``).

        A namespace limits it to that namespace's proxies. ``Refused`` when there is no such page or proxy.
        """

    def config_dump(self, proxy: str) -> Mapping[str, Resource]:
        """The sections of a proxy's configuration (``envoy.admin.v3``) by name; ``Refused`` when not connected."""


class DebugTypes:
    """Serves debug types to streams. ``readers`` are the namespaces whose callers may read every page."""

    def __init__(self, pages: DebugPages, readers: frozenset[str], syncz: Callable[[], Mapping[str, Resource]]) -> None:
        self._pages = pages
        self._readers = readers
        self._syncz = syncz

    @property
    def identifier(self) -> str:
        """As the control plane gives it."""
        return self._pages.identifier

    def resources(self, type_url: str, names: tuple[str, ...], caller: Caller | None) -> Mapping[str, Resource]:
        """The resources of a debug type; ``Refused`` when the caller may not read it or asks for nonsense."""
        if caller is None:
            raise Refused(Code.UNAUTHENTICATED, "debug pages need a verified identity: use port 15012")
        if type_url == SYNCZ:
            self._check_reader(caller)
            return self._syncz()
        if type_url not in (DEBUG, CONFIG_DUMP):
            return {}
        if len(names) != 1:
            raise Refused(Code.INVALID_ARGUMENT, f"{type_url} takes exactly one resource name, not {len(names)}")
        if type_url == CONFIG_DUMP:
            self._check_reader(caller)
            return self._pages.config_dump(names[0])
        return {names[0]: self._page(names[0], caller)}

    def _page(self, request: str, caller: Caller) -> Resource:
        body = self._pages.page(request, self._scope(request, caller))
        return Resource(request, DEBUG, body, content_version(body))

    def _scope(self, request: str, caller: Caller) -> str | None:
        if self._reads_all(caller):
            return None
        if request.partition("?")[0] not in _OWN_NAMESPACE_PAGES:
            self._check_reader(caller)
        return caller.identities[0].namespace

    def _check_reader(self, caller: Caller) -> None:
        if not self._reads_all(caller):
            wanted = ", ".join(sorted(self._readers))
            raise Refused(Code.PERMISSION_DENIED, f"this debug page is for callers of namespaces {wanted}")

    def _reads_all(self, caller: Caller) -> bool:
        return any(identity.namespace in self._readers for identity in caller.identities)
