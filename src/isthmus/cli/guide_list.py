"""`isthmus lab guide --list`: every row of the list of guides, or every step of a guide, with its last result.

Knows how results are shown. Runs nothing.
"""

import datetime
from pathlib import Path

import click
import msgspec

from isthmus.cli.columns import Table, render
from isthmus.lab import guides

_GAP = 3


class Line(msgspec.Struct, frozen=True, rename="camel"):
    """A row as one guide carries it out; a row that several guides carry out has several lines."""

    row: str
    title: str
    guide: str
    topology: str
    steps: int
    result: guides.State


def list_rows(directory: Path, results: Path, output: str) -> None:
    """Prints all rows, those that no guide carries out as missing."""
    every = [guides.load(directory, name) for name in guides.names(directory)]
    lines = [line for row in guides.all_rows(every) for line in _lines(row, every, results)]
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(lines)).decode())
        return
    rows = tuple(
        (each.row, each.title, each.guide or "-", each.topology or "-", str(each.steps), told(each.result))
        for each in lines
    )
    click.echo(render(Table(("ROW", "TITLE", "GUIDE", "TOPOLOGY", "STEPS", "LAST RESULT"), rows, _GAP)), nl=False)


def list_steps(found: guides.Guide, results: Path, output: str) -> None:
    """Prints the steps of one guide."""
    known = guides.Results(results, found)
    states = [(step, known.state((step,))) for step in found.steps]
    if output == "json":
        made = [{"name": step.name, "says": step.says, "result": state} for step, state in states]
        click.echo(msgspec.json.format(msgspec.json.encode(made)).decode())
        return
    rows = tuple(
        (str(number), step.name, step.says, told(state)) for number, (step, state) in enumerate(states, start=1)
    )
    click.echo(render(Table(("", "STEP", "", "LAST RESULT"), rows, _GAP)), nl=False)


def _lines(row: guides.Row, every: list[guides.Guide], results: Path) -> list[Line]:
    lines = []
    for guide in every:
        if row.name in guide.rows:
            steps = guide.steps_of(row.name)
            state = guides.Results(results, guide).state(steps)
            lines.append(Line(row.name, row.title, guide.name, guide.topology, len(steps), state))
    return lines or [Line(row.name, row.title, "", "", 0, guides.MISSING)]


def told(state: guides.State) -> str:
    """A result in a few words: what, when, how long."""
    if state.when is None:
        return state.state
    what = {"failed": f"failed at {state.step}", "incomplete": f"stopped before {state.step}"}.get(
        state.state, state.state
    )
    when = state.when.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return f"{what}, {when}, {state.seconds:.0f} s"
