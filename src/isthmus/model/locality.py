"""Where a workload runs: region, zone and sub-zone."""

from __future__ import annotations

import msgspec


class Locality(msgspec.Struct, frozen=True, order=True):
    """Region, zone and sub-zone; each may be empty, the rest after an empty one is empty too."""

    region: str = ""
    zone: str = ""
    subzone: str = ""

    @classmethod
    def parse(cls, text: str) -> Locality:
        """From ``region/zone/subzone``, as labels, DestinationRules and node metadata write it."""
        parts = [*text.split("/"), "", "", ""]
        return cls(*parts[:3])

    def __str__(self) -> str:
        return "/".join(part for part in (self.region, self.zone, self.subzone) if part)
