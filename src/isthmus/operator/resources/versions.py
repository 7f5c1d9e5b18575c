"""Names of Istio versions that resources may carry, and the version that each stands for.

A name says which Istio a guide was written for. What is installed is always this release of Isthmus, which
speaks the API of all of them. Does not know resources.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

# Each series of releases with its newest patch.
_SERIES = {"1.24": 6, "1.25": 5, "1.26": 8, "1.27": 5, "1.28": 3}


def _patches(series: str, newest: int) -> tuple[str, ...]:
    return tuple(f"v{series}.{patch}" for patch in range(newest, -1, -1))


RELEASES: tuple[str, ...] = tuple(
    name for series, newest in reversed(_SERIES.items()) for name in _patches(series, newest)
)
"""Names of releases, newest first."""

ALIASES: dict[str, str] = {
    **{f"v{series}-latest": f"v{series}.{newest}" for series, newest in reversed(_SERIES.items())},
    "master": RELEASES[0],
}
"""Names that stand for the newest of several releases."""

NEWEST = RELEASES[0]

VersionName = Annotated[
    str, Meta(extra_json_schema={"enum": sorted((*RELEASES, *ALIASES), reverse=True), "default": NEWEST})
]


def resolved(name: str) -> str:
    """The release that a name stands for."""
    return ALIASES.get(name, name)
