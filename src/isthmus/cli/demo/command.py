"""What `isthmus demo` does: the lab, the story on it, the summary; and how each kind of failure is told.

Knows the order of the large parts and the terminal.
"""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import click

from isthmus.cli.demo import summary
from isthmus.cli.demo.failures import DemoError
from isthmus.cli.demo.story import Outcome, play
from isthmus.lab import display, packages
from isthmus.lab import up as bring_up
from isthmus.lab.addresses import Plan
from isthmus.lab.binaries import BinaryMissingError
from isthmus.lab.host import CommandError
from isthmus.lab.images import ImageError
from isthmus.lab.layout import layout
from isthmus.lab.node.control import NodeError
from isthmus.lab.privileges import become_root
from isthmus.lab.progress import Progress, reporter
from isthmus.lab.state import LabError
from isthmus.lab.topology import DEFAULT, topology

_LAB_FAULTS = (LabError, BinaryMissingError, ImageError, CommandError, NodeError, TimeoutError)


def run(name: str) -> None:
    """Plays the demonstration on the lab `name`, prints the summary; ClickException with step, reason and cure."""
    try:
        become_root()
        with display.showing() as progress:
            plan = _lab(name, progress)
            outcome = asyncio.run(play(plan, layout(name), progress))
    except _LAB_FAULTS as problem:
        raise click.ClickException(f"the lab: {problem}") from None
    except DemoError as problem:
        again = f"in a shell after {_shell(name)}; a second run goes on from here"
        raise click.ClickException(f"{problem}\n{again}") from None
    click.echo("\n" + _told(outcome, name))


def _lab(name: str, progress: Progress) -> Plan:
    if missing := packages.missing():
        packages.install(missing, reporter(progress, "packages"))
        progress.done("packages")
    return bring_up.up(name, topology(DEFAULT), progress)


def _told(outcome: Outcome, name: str) -> str:
    contexts = tuple(side.cluster for side in outcome.sides)
    text = summary.describe(outcome.sides, outcome.root, summary.now())
    return f"{text}\n{summary.next_steps(contexts, name, _shell(name))}"


def _shell(name: str) -> str:
    """The command that makes a shell ready for the lab; `isthmus` may not be on the user's PATH yet."""
    own = Path(sys.executable).parent / "isthmus"
    program = "isthmus" if shutil.which("isthmus") else os.path.relpath(own)
    option = "" if name == "lab" else f" --name {name}"
    return f'eval "$({program} lab env{option})"'
