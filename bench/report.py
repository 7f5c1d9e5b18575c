"""What a program measured: a table at the end, and a file with the machine and the commit beside the figures.

Figures of programs that run for a while: a median alone hides what users notice, so most rows have a 99th percentile.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Figure, table

RESULTS = Path(__file__).parent / "results"
"""Ignored by git."""


@dataclass(slots=True)
class Report:
    """The figures of one run of one program."""

    program: str
    options: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    load: list[float] = field(default_factory=lambda: [os.getloadavg()[0]])

    def add(self, name: str, value: float, unit: str, target: float | None = None) -> None:
        """Notes a figure and shows it at once."""
        figure = Figure(name, (value,), unit, target)
        self.figures.append(figure)
        self.load.append(os.getloadavg()[0])
        print(f"{name}: {value:.4g} {unit}", flush=True)

    def delays(self, name: str, seconds: Sequence[float], median: float | None, p99: float | None) -> None:
        """Median and 99th percentile of delays; the targets are milliseconds."""
        self.add(f"{name}, median", statistics.median(seconds) * 1e3, "ms", median)
        self.add(f"{name}, 99th percentile", percentile(seconds, 0.99) * 1e3, "ms", p99)

    def finish(self, directory: Path) -> None:
        """The table on stdout, and everything as JSON."""
        load = f"load average {min(self.load):.1f} to {max(self.load):.1f} on {os.cpu_count()} cores"
        print(f"\n{table(self.figures)}\n{load}")
        directory.mkdir(parents=True, exist_ok=True)
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        file = directory / f"{self.program}-{moment}.json"
        file.write_text(json.dumps(self._content(moment), indent=1, default=str) + "\n")
        print(f"kept in {file}")

    def _content(self, moment: str) -> dict[str, Any]:
        return {
            "program": self.program,
            "at": moment,
            "commit": _commit(),
            "machine": machine(),
            "load": [min(self.load), max(self.load)],
            "options": self.options,
            "figures": [
                {"name": one.name, "value": one.median, "unit": one.unit, "target": one.target} for one in self.figures
            ],
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
