"""Tables as Go's ``text/tabwriter`` prints them, which scripts around ``istioctl`` cut apart.

Knows alignment only.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

PADDING = 5
"""Blanks between columns in ``istioctl``'s tables, except that of listeners."""


class Table(msgspec.Struct, frozen=True):
    """A header and rows of as many cells, with ``padding`` blanks between columns."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    padding: int = PADDING


def render(table: Table) -> str:
    """The table as text, with a line end after each row and no blanks at line ends of filled rows."""
    lines = (table.header, *table.rows)
    widths = [max(len(line[column]) for line in lines) + table.padding for column in range(len(table.header) - 1)]
    return "".join(_line(cells, widths) for cells in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False)) + f"{cells[-1]}\n"
