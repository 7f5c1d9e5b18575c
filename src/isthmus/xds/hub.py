"""What all streams of one server share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import count

from isthmus.rpc.pace import Pacers
from isthmus.xds.connections import Connections
from isthmus.xds.debug import DebugTypes
from isthmus.xds.metrics import XdsMetrics
from isthmus.xds.resources import ResourceSource
from isthmus.xds.responses import Responses
from isthmus.xds.session import Moment
from isthmus.xds.settings import XdsSettings

_GOLDEN = 0.618033988749895


@dataclass(slots=True)
class Hub:
    """Numbers streams and versions; everything else is handed on."""

    source: ResourceSource
    debug: DebugTypes
    settings: XdsSettings
    metrics: XdsMetrics
    connections: Connections
    started: str = field(default_factory=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    version: int = 0  # counts changes, as the system version that responses carry
    _numbers: count[int] = field(default_factory=lambda: count(1))
    responses: Responses = field(default_factory=Responses)
    returns: Pacers = field(init=False)

    def __post_init__(self) -> None:
        self.returns = Pacers(self.settings.returns)

    def next_number(self) -> int:
        """A number for a new stream."""
        return next(self._numbers)

    def moment(self) -> Moment:
        """Now, as responses note it."""
        return Moment(time.time(), f"{self.started}/{self.version}")

    def age_of(self, number: int) -> float | None:
        """Seconds that a stream may last: up to a tenth less than the maximum, evenly spread over streams."""
        if not self.settings.max_stream_age:
            return None
        return self.settings.max_stream_age * (1 - 0.1 * (number * _GOLDEN % 1))
