"""What long work says while it runs.

Does not know terminals: the command line decides how it looks.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told what is being waited for, and what is done."""

    def waiting(self, text: str) -> None:
        """Something that may take a while is under way."""
        ...

    def finished(self, text: str) -> None:
        """A step is over."""
        ...

    def warn(self, text: str) -> None:
        """Something that the user should know."""
        ...
