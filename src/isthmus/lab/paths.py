"""Where the lab keeps things: the cache of binaries and images, results of guides, and the state of running labs.

Knows environment variables and directory names. Does not create anything.
"""

import os
from pathlib import Path


def cache_dir() -> Path:
    """`$ISTHMUS_CACHE`, else `$XDG_CACHE_HOME/isthmus`, else `~/.cache/isthmus` (XDG Base Directory Specification)."""
    if explicit := os.environ.get("ISTHMUS_CACHE"):
        return Path(explicit)
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "isthmus"
    return Path.home() / ".cache" / "isthmus"


def labs_dir() -> Path:
    """`$ISTHMUS_LAB`, else `/var/lib/isthmus-lab`: one directory per lab, by its name."""
    return Path(os.environ.get("ISTHMUS_LAB") or "/var/lib/isthmus-lab")


def results_dir() -> Path:
    """`$ISTHMUS_RESULTS`, else `guides` in the cache directory: how guides went the last time, which outlives labs."""
    return Path(os.environ.get("ISTHMUS_RESULTS") or cache_dir() / "guides")
