"""Where uv is, which installs what comes from PyPI.

Knows the places where it may be. Runs nothing.
"""

import os
import shutil
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[3]


def find_uv() -> Path | None:
    """`$UV` (set by `uv run`), the one that `make setup` brought, or the one on PATH."""
    for candidate in (os.environ.get("UV"), str(_PROJECT / ".tools" / "bin" / "uv"), shutil.which("uv")):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    return None
