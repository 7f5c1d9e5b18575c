"""Progress of long commands: one line that changes on a terminal, plain lines elsewhere.

Does not know any command.
"""

from __future__ import annotations

import shutil
import sys

import click


class LineProgress:
    """Shows what is waited for, and what is done, on standard error or output."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = ""

    def waiting(self, text: str) -> None:
        """Replace the changing line; without terminal, print a line when it says something new."""
        if text == self._last:
            return
        self._last = text
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            click.echo(f"\r\x1b[K{('- waiting for ' + text)[:width]}", nl=False, err=True)
        elif not text.endswith(_PASSING):
            click.echo(f"- waiting for {text}", err=True)

    def finished(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        click.echo(f"✔ {text}")

    def warn(self, text: str) -> None:
        """Print a warning that stays."""
        self.clear()
        click.echo(f"! {text}", err=True)

    def clear(self) -> None:
        """Take the changing line away."""
        if self._terminal and self._last:
            click.echo("\r\x1b[K", nl=False, err=True)
        self._last = ""


# Said on terminals only: over before anybody reads it in a log.
_PASSING = ("to be applied", "to be established", "to be deleted", "of the API server", "to be found")
