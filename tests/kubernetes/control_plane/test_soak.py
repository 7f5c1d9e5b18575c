"""A short soak: a control plane stands changes, reconnects and broken proxies for a while, and keeps its size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SMALL = ("--changes=600", "--reconnects=90", "--rounds=6", "--namespaces=2", "--services=5", "--growth=25")


@pytest.mark.timeout(300)
def test_nothing_grows_and_nothing_is_missed() -> None:
    result = subprocess.run((sys.executable, "-m", "bench.soak", *SMALL), cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.endswith("nothing grew\n")
    assert result.stdout.count("resident") == 6
