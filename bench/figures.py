"""Measured figures and the table that shows them beside their targets. Knows no measuring."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from isthmus.cli.columns import Table, render

_PADDING = 2


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity; ``samples`` in ``unit``, the median of them must be below ``target``."""

    name: str
    samples: tuple[float, ...]
    unit: str
    target: float | None = None

    @property
    def median(self) -> float:
        """What counts."""
        return statistics.median(self.samples)

    def row(self) -> tuple[str, ...]:
        """Name, median, range, number of samples, target, and whether it holds."""
        target = "" if self.target is None else f"< {self.target:g} {self.unit}"
        held = "" if self.target is None else "yes" if self.median < self.target else "NO"
        return (self.name, _number(self.median, self.unit), self._range(), str(len(self.samples)), target, held)

    def _range(self) -> str:
        if len(self.samples) == 1:
            return ""
        return f"{min(self.samples):.3g} … {max(self.samples):.3g}"


def _number(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}"


def table(figures: Iterable[Figure]) -> str:
    """All figures, one per line."""
    rows: Sequence[tuple[str, ...]] = [figure.row() for figure in figures]
    return render(Table(("FIGURE", "MEDIAN", "RANGE", "SAMPLES", "TARGET", "HELD"), tuple(rows), _PADDING))
