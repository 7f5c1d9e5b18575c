"""AUTO_PASSTHROUGH: mesh mTLS passed on undecrypted by its server name, one filter chain per service port.

Connections without one of these names and an ALPN of the mesh match no chain and are closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.api.mesh_config import MeshConfig
from isthmus.model.service import Resolution
from isthmus.protos import pb
from isthmus.translate import names, tls
from isthmus.translate.encoding import Part, part
from isthmus.translate.listeners.network_filters import tcp_proxy
from isthmus.translate.upstream import Upstream, targets

_ANOTHER_WORKLOAD: Mapping[str, Any] = {"max_connect_attempts": {"value": 5}}
"""Nothing was sent yet when a workload does not take a connection, so the next one may: a workload may be gone before
its endpoint is, and balancing by open connections even prefers it."""


def chains(upstream: Upstream, mesh: MeshConfig, first: tuple[Any, ...] = ()) -> tuple[Part, ...]:
    """The filter chains of one service: its ports, and subsets of them. ``first`` are filters before all others."""
    if upstream.service.resolution in (Resolution.ALIAS, Resolution.DNS):
        return ()
    found = (
        names.sni(upstream.service.hostname, target.port.number, target.subset_name) for target in targets(upstream)
    )
    return tuple(_chain(name, mesh, first) for name in found)


def _chain(name: str, mesh: MeshConfig, first: tuple[Any, ...]) -> Part:
    return part(
        pb("envoy.config.listener.v3.FilterChain")(
            name=name,
            filter_chain_match={"server_names": [name], "application_protocols": tls.MESH_ANY},
            filters=[*first, tcp_proxy(name, mesh, options=_ANOTHER_WORKLOAD)],
        )
    )
