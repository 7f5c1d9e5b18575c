"""Route configurations: virtual hosts, serialised once each, joined under a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from isthmus.model.resource import PIECEWISE, Resource
from isthmus.protos import pb
from isthmus.translate import names
from isthmus.translate.encoding import Part, content_version, part, repeated, serialise
from isthmus.translate.types import ROUTE
from isthmus.translate.values import ADS, UNTIMED

VIRTUAL_HOSTS_FIELD = 2  # of RouteConfiguration
_MAX_DIRECT_RESPONSE = 1 << 20


def virtual_host(name: str, domains: Iterable[str], routes: Iterable[Any]) -> Part:
    """A virtual host."""
    return part(
        pb("envoy.config.route.v3.VirtualHost")(
            name=name, domains=domains, routes=routes, include_request_attempt_count=True
        )
    )


@lru_cache(maxsize=4096)
def catch_all(*, allow_any: bool) -> Part:
    """What happens to requests for unknown hosts: they go where the client wanted, or get a 502."""
    forward: dict[str, Any] = {"route": {"cluster": names.PASSTHROUGH, **UNTIMED}}
    action = forward if allow_any else {"direct_response": {"status": 502}}
    name = "allow_any" if allow_any else "block_all"
    return virtual_host(name, ["*"], [{"name": name, "match": {"prefix": "/"}, **action}])


def block(hosts: Sequence[Part]) -> Part:
    """Virtual hosts joined as they will stand in a route configuration."""
    version = content_version(*(host.version.encode() for host in hosts))
    return Part(repeated(VIRTUAL_HOSTS_FIELD, (host.body for host in hosts)), version)


def configuration(name: str, blocks: Sequence[Part]) -> Resource:
    """A route configuration from blocks; its version follows from the versions of its parts."""
    version = content_version(name.encode(), *(one.version.encode() for one in blocks))
    return Resource(name, ROUTE, b"".join((_head(name), *(one.body for one in blocks))), version)


def piecewise(name: str, blocks: Sequence[Part]) -> Resource:
    """A route configuration whose other virtual hosts are resources of their own (VHDS); Envoy waits for them."""
    whole = configuration(name, blocks)
    version = content_version(b"vhds", whole.version.encode())
    return Resource(name, ROUTE, whole.body + _discovery(), version + PIECEWISE)


@lru_cache(maxsize=1)
def _discovery() -> bytes:
    return serialise(pb("envoy.config.route.v3.RouteConfiguration")(vhds={"config_source": ADS}))


@lru_cache(maxsize=4096)
def _head(name: str) -> bytes:
    return serialise(
        pb("envoy.config.route.v3.RouteConfiguration")(
            name=name,
            validate_clusters={"value": False},
            ignore_port_in_host_matching=True,
            max_direct_response_body_size_bytes={"value": _MAX_DIRECT_RESPONSE},
        )
    )
