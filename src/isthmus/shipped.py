"""Files that come with the package: charts, samples, images, guides, build recipes.

Knows where they lie: as package data in an installed distribution, at the project's root in a source tree.
Writes nothing.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
"""The directory of the package `isthmus`."""


def shipped(name: str) -> Path:
    """The file or directory `name` of the project's root, or its copy in the installed distribution.

    Raises FileNotFoundError where neither has it, which is a packaging bug.
    """
    for candidate in (PACKAGE / "_data" / name, PACKAGE.parents[1] / name):
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{name}: neither in {PACKAGE / '_data'} nor in a source tree beside it")
