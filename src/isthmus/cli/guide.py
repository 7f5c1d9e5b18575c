"""`isthmus lab guide`: walks through a guide on the lab, command by command, and checks what must be seen."""

import subprocess
import sys
from pathlib import Path

import click

from isthmus.cli.guide_list import list_rows, list_steps
from isthmus.cli.lab_options import expected_errors, name_option, output_option
from isthmus.lab import guides
from isthmus.lab.guides import workspace
from isthmus.lab.layout import layout
from isthmus.lab.paths import results_dir


@click.command()
@click.argument("guide_name", metavar="NAME", required=False)
@click.option(
    "--list", "listed", is_flag=True, help="Show all guides with their last results, or the steps of NAME; run nothing."
)
@click.option("--from", "first", metavar="STEP", default="", help="Begin with this step, where the run before stopped.")
@click.option("--until", metavar="STEP", default="", help="Stop after this step.")
@click.option("--before", metavar="STEP", default="", help="Stop before this step.")
@click.option("--up", is_flag=True, help="Bring up the lab that the guide is written for, first.")
@click.option("--here", is_flag=True, help="Use the clusters of this shell (KUBECONFIG and CTX_... as guides say).")
@name_option
@output_option
@expected_errors
def guide(
    guide_name: str | None,
    *,
    listed: bool,
    first: str,
    until: str,
    before: str,
    up: bool,
    here: bool,
    name: str,
    output: str,
) -> None:
    """Runs a guide step by step, shows each command and its output, and stops where something is not as it must be.

    The clusters stay as they are when it stops: look around, and go on with --from.

    \b
    Examples:
      isthmus lab guide --list
      isthmus lab guide S3 --up
      isthmus lab guide S3 --until install-cluster1
      isthmus lab guide S3 --from gateway-cluster1
    """
    directory = workspace.guides_directory()
    try:
        if guide_name is None:
            list_rows(directory, results_dir(), output)
            return
        found = guides.load(directory, guide_name)
        if listed:
            list_steps(found, results_dir(), output)
            return
        steps = guides.Part(first, until, before).steps(found)
    except guides.GuideError as problem:
        raise click.ClickException(str(problem)) from None
    if here:
        place = guides.Place(Path.cwd() / f"guide-{found.name}", results_dir(), "true")
    else:
        place = _place(found, name, up=up)
    _run(found, steps, place)


def _place(found: guides.Guide, lab: str, *, up: bool) -> guides.Place:
    """A place in the lab, which is brought up where that is wanted. Ends the command where the lab does not fit."""
    from isthmus.lab.state import require
    from isthmus.lab.topology import topology

    if up:
        command = (sys.executable, "-m", "isthmus.cli.main", "lab", "up", found.topology, "--name", lab)
        if status := subprocess.run(command, check=False).returncode:
            sys.exit(status)
    there = require(lab).topology
    if there.clusters != topology(found.topology).clusters:
        raise click.ClickException(
            f"guide {found.name} is written for the topology {found.topology}, but lab {lab} is a {there.name}: "
            f"take it down (`isthmus lab down --name {lab}`), or choose another lab with --name, and give --up"
        )
    files = layout(lab).guides / found.name
    return guides.Place(files, results_dir(), f'eval "$(isthmus lab env --name {lab})"')


def _run(found: guides.Guide, steps: tuple[guides.Step, ...], place: guides.Place) -> None:
    failure = guides.walk(found, steps, place, click.echo)
    if failure is not None:
        click.echo(f"\n✘ {failure}\n\nfiles: {place.files}\ngo on: {_next(found, failure.step)}", err=True)
        sys.exit(1)
    click.echo(f"\n✔ {found.name}: all {len(steps)} steps went as they must. Files: {place.files}")
    after = found.position(steps[-1].name) + 1
    if after < len(found.steps):
        click.echo(f"go on: {_next(found, found.steps[after].name)}")


def _next(found: guides.Guide, step: str) -> str:
    known = any(each.name == step for each in found.steps)
    return f"isthmus lab guide {found.name}" + (f" --from {step}" if known else "")
