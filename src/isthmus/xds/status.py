"""The synchronisation status of every connected proxy, in the two forms that tools read.

Knows Istio's ``/debug/syncz`` JSON and the CSDS messages of ``istio.io/debug/syncz`` (pilot/pkg/xds/statusgen.go).
Does not know how the status came about: ``session.Ledger`` is all it reads.

Tools know no virtual hosts that are sent one by one: to them those are part of the routes, which are up to date when
both are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from isthmus.model.resource import Resource
from isthmus.protos import pb
from isthmus.xds.node import Node
from isthmus.xds.order import CLUSTER, ENDPOINT, EXTENSION, LISTENER, ROUTE, VIRTUAL_HOST
from isthmus.xds.resources import resource_of
from isthmus.xds.session import Ledger

_PREFIXES = (
    ("cluster", CLUSTER),
    ("listener", LISTENER),
    ("route", ROUTE),
    ("endpoint", ENDPOINT),
    ("extensionconfig", EXTENSION),
)


class Streaming(Protocol):
    """What of a stream is shown."""

    @property
    def node(self) -> Node | None:
        """Who it is; None before the first request."""

    @property
    def cluster(self) -> str:
        """Where it is."""

    @property
    def ledgers(self) -> Mapping[str, Ledger]:
        """By type URL."""


def syncz(streams: Iterable[Streaming], namespace: str = "") -> list[dict[str, Any]]:
    """The body of ``/debug/syncz``, of one namespace's proxies or of all."""
    return [_row(node, stream) for node, stream in _proxies(streams) if not namespace or node.namespace == namespace]


def client_configs(streams: Iterable[Streaming]) -> Mapping[str, Resource]:
    """One ``envoy.service.status.v3.ClientConfig`` per connected proxy, by proxy id."""
    return {node.id: resource_of(node.id, _client_config(node, stream)) for node, stream in _proxies(streams)}


def _proxies(streams: Iterable[Streaming]) -> Iterable[tuple[Node, Streaming]]:
    return ((node, stream) for stream in streams if (node := stream.node) is not None and node.is_proxy)


def _row(node: Node, stream: Streaming) -> dict[str, Any]:
    ledgers = _as_tools_know_them(stream.ledgers)
    row: dict[str, Any] = {
        "cluster_id": stream.cluster,
        "proxy": node.id,
        "proxy_type": str(node.type),
        "istio_version": node.details.istio_version,
    }
    for prefix, type_url in _PREFIXES:
        ledger = ledgers.get(type_url)
        if ledger is not None:
            row |= {f"{prefix}_sent": _nonce(ledger, ledger.sent), f"{prefix}_acked": _nonce(ledger, ledger.acked)}
    row["resources"] = {type_url: _resource_row(ledger) for type_url, ledger in sorted(stream.ledgers.items())}
    return row


def _resource_row(ledger: Ledger) -> dict[str, Any]:
    return {
        "sent": _nonce(ledger, ledger.sent),
        "acked": _nonce(ledger, ledger.acked),
        "sentTime": _time(ledger).isoformat().replace("+00:00", "Z") if ledger.sent else None,
        "lastError": ledger.error,
    }


def _nonce(ledger: Ledger, nonce: str) -> str:
    """For a client that came back with everything a word instead: tools compare the two, and take none for trouble."""
    return "held" if not ledger.sent and ledger.current_at else nonce


def _client_config(node: Node, stream: Streaming) -> Any:
    return pb("envoy.service.status.v3.ClientConfig")(
        node={
            "id": node.id,
            "metadata": {
                "CLUSTER_ID": stream.cluster,
                "NAMESPACE": node.namespace,
                "ISTIO_VERSION": node.details.istio_version,
            },
        },
        generic_xds_configs=[
            _generic(type_url, ledger) for type_url, ledger in sorted(_as_tools_know_them(stream.ledgers).items())
        ],
    )


def _as_tools_know_them(ledgers: Mapping[str, Ledger]) -> Mapping[str, Ledger]:
    """Routes and virtual hosts as one: as the one that is in trouble or behind, else as the one that changed last."""
    both = [ledgers[type_url] for type_url in (ROUTE, VIRTUAL_HOST) if type_url in ledgers]
    if not both:
        return ledgers
    others = {type_url: ledger for type_url, ledger in ledgers.items() if type_url != VIRTUAL_HOST}
    return others | {ROUTE: max(both, key=_concern)}


def _concern(ledger: Ledger) -> tuple[bool, bool, float]:
    return bool(ledger.error), ledger.sent != ledger.acked, max(ledger.sent_at, ledger.current_at)


def _generic(type_url: str, ledger: Ledger) -> Any:
    result = pb("envoy.service.status.v3.ClientConfig.GenericXdsConfig")(
        type_url=type_url, config_status=_config_status(ledger)
    )
    if ledger.sent or ledger.current_at:
        result.last_updated.FromDatetime(_time(ledger))
    if ledger.error:
        result.error_state.details = ledger.error
    return result


def _config_status(ledger: Ledger) -> str:
    if ledger.error:
        return "ERROR"
    if not ledger.sent:
        return "SYNCED" if ledger.current_at else "NOT_SENT"
    return "SYNCED" if ledger.sent == ledger.acked else "STALE"


def _time(ledger: Ledger) -> datetime:
    return datetime.fromtimestamp(ledger.sent_at or ledger.current_at, UTC)
