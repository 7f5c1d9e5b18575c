"""How long work tells what it is doing: one line of text at a time.

Knows nothing about terminals; the command line decides how a line is shown.
"""

from collections.abc import Callable
from typing import TypeAlias

Report: TypeAlias = Callable[[str], None]
"""Called with one line of plain text, without a newline, from any thread."""


def silent(_line: str) -> None:
    """A report for callers that do not want to hear."""
