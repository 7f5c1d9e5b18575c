"""The two variants of ADS: how requests are read and which session answers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from isthmus.xds import wire
from isthmus.xds.delta import DeltaSession
from isthmus.xds.requests import Limits, delta_acknowledgement, parse_delta, parse_sotw
from isthmus.xds.responses import Origin
from isthmus.xds.session import Session
from isthmus.xds.sotw import SotwSession

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"


@dataclass(frozen=True, slots=True)
class Variant:
    """One method of the discovery service."""

    name: str
    method: str
    parse: Callable[[bytes, Limits], Any]
    new_session: Callable[[Limits, Origin], Session]
    control_plane_field: int
    incremental: bool
    acknowledgement: Callable[[bytes], Any] | None = None  # reads a request that says nothing else; None: it does

    def trailer(self, identifier: str) -> bytes:
        """The end of debug responses: ``identifier`` is what they say of this server (field ``control_plane``)."""
        control_plane = wire.text(1, identifier)
        return wire.prefix(self.control_plane_field, len(control_plane)) + control_plane if identifier else b""


DELTA = Variant(
    "delta", f"/{SERVICE}/DeltaAggregatedResources", parse_delta, DeltaSession, 7, True, delta_acknowledgement
)
SOTW = Variant("sotw", f"/{SERVICE}/StreamAggregatedResources", parse_sotw, SotwSession, 6, False)
