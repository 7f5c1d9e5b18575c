"""Debug pages about connected proxies, over HTTP and over ADS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from isthmus import __version__
from isthmus.collections import Collection
from isthmus.control_plane.config_dump import config_dump, sections
from isthmus.control_plane.errors import PageError
from isthmus.derive.discovery import Discovery
from isthmus.model.proxy import Proxy
from isthmus.model.resource import Resource
from isthmus.protos import pb, to_dict, type_url
from isthmus.rpc.refusal import Code, Refused

Query = Mapping[str, str]
_NAME_TABLE = "type.googleapis.com/istio.networking.nds.v1.NameTable"


class ProxyPages:
    """``config_dump``, ``edsz``, ``ndsz`` and ``instancesz``: what a proxy would be sent now."""

    def __init__(self, discovery: Discovery, proxies: Collection[str, Proxy]) -> None:
        self.discovery = discovery
        self._proxies = proxies

    def config_dump(self, query: Query) -> Any:
        """The proxy's whole configuration; ``types=lds,eds`` limits it."""
        wanted = {_SECTIONS.get(name, name) for name in query.get("types", "").split(",") if name}
        return config_dump(self.discovery, self.connection(query), frozenset(wanted))

    def edsz(self, query: Query) -> Any:
        """The proxy's endpoints."""
        return config_dump(self.discovery, self.connection(query), frozenset({"endpoints"}))

    def ndsz(self, query: Query) -> Any:
        """The proxy's name table."""
        found = self.discovery.wildcard(self.connection(query), _NAME_TABLE)
        return [to_dict(pb("istio.networking.nds.v1.NameTable").FromString(row.body)) for row in found.values()]

    def connection(self, query: Query) -> str:
        """The connection id that ``proxyID`` names (any part of it); ``PageError`` in Istio's words."""
        wanted = query.get("proxyID", "")
        if not wanted:
            raise PageError(400, "You must provide a proxyID in the query string")
        found = min((name for name in self._proxies if wanted in name), default=None)
        if found is None:
            raise PageError(404, "Proxy not connected to this Pilot instance. It may be connected to another instance.")
        return found

    def namespace(self, query: Query) -> str | None:
        """Of the proxy that would be shown; None when there is none. Names alone do not tell: parts of them match."""
        try:
            proxy = self._proxies.get(self.connection(query))
        except PageError:
            return None
        return proxy.namespace if proxy else None

    def pages(self) -> dict[str, Callable[[Query], Any]]:
        """Pages by the last part of their path."""
        return {"config_dump": self.config_dump, "edsz": self.edsz, "ndsz": self.ndsz}


class AdsPages:
    """The same pages over ADS (implements ``xds.debug.DebugPages``)."""

    def __init__(self, pages: Mapping[str, Callable[[Query], Any]], proxies: ProxyPages, pod: str) -> None:
        self._pages = pages
        self._proxies = proxies
        self._pod = pod

    @property
    def identifier(self) -> str:
        """Who answers, as istioctl shows it."""
        value = {"Component": "istiod", "ID": self._pod, "Info": {"version": __version__}}
        return msgspec.json.encode(value).decode()

    def page(self, request: str, namespace: str | None) -> bytes:
        """One page as JSON; a namespace limits it to that namespace's proxies."""
        name, _, query_text = request.partition("?")
        query = dict(parse_qsl(query_text))
        if name not in self._pages:
            raise Refused(Code.INVALID_ARGUMENT, f"no debug page {name!r}")
        if namespace is not None and self._proxies.namespace(query) != namespace:
            raise Refused(Code.PERMISSION_DENIED, f"only proxies of namespace {namespace} may be asked for")
        try:
            return msgspec.json.encode(self._pages[name](query))
        except PageError as error:
            raise Refused(Code.INVALID_ARGUMENT, str(error)) from error

    def config_dump(self, proxy: str) -> Mapping[str, Resource]:
        """The sections of a proxy's configuration."""
        try:
            connection = self._proxies.connection({"proxyID": proxy})
        except PageError as error:
            raise Refused(Code.INVALID_ARGUMENT, str(error)) from error
        found = sections(self._proxies.discovery, connection)
        return {name: _resource(name, message) for name, message in found.items()}


_SECTIONS = {"cds": "clusters", "eds": "endpoints", "lds": "listeners", "rds": "routes", "sds": "secrets"}


def _resource(name: str, message: Any) -> Resource:
    return Resource(name, type_url(message), message.SerializeToString(deterministic=True), "")
