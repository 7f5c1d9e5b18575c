"""Asking before something is changed.

Knows that scripts may answer through a pipe, and that a closed one is no answer.
"""

from __future__ import annotations

import sys

import click


def confirm(question: str, *, stdin_taken: bool = False) -> None:
    """Ask on standard input; ends the command unless the answer is yes.

    `stdin_taken`: a file is read from standard input, which leaves nobody to ask.
    """
    if stdin_taken:
        raise click.ClickException("the file comes from standard input, so there is nobody to ask: confirm with -y")
    click.echo(f"{question} (y/N) ", nl=False)
    answer = sys.stdin.readline()
    if not sys.stdin.isatty():
        click.echo()  # the answer came without the line break that a user's return key shows
    if not answer:
        raise click.ClickException("nothing was changed: standard input is closed, so nobody answered; confirm with -y")
    if answer.strip().lower() not in ("y", "yes"):
        click.echo("Cancelled.")
        raise click.exceptions.Exit(1)
