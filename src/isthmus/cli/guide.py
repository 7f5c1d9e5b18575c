"""`isthmus lab guide`: walks through a guide on the lab, command by command, and checks what must be seen."""

import os
import sys
from pathlib import Path

import click

from isthmus.lab import guides
from isthmus.lab.guides import workspace
from isthmus.lab.layout import layout


@click.command()
@click.argument("guide_name", metavar="NAME", required=False)
@click.option("--list", "listed", is_flag=True, help="Show the guides, or the steps of NAME; run nothing.")
@click.option("--from", "first", metavar="STEP", help="Begin with this step, in the files of the run before.")
@click.option("--until", "last", metavar="STEP", help="Stop after this step.")
@click.option("--name", "lab_name", default="lab", show_default=True, envvar="ISTHMUS_LAB_NAME", help="Which lab.")
def guide(guide_name: str | None, *, listed: bool, first: str | None, last: str | None, lab_name: str) -> None:
    """Runs a guide step by step, shows each command and its output, and stops where something is not as it must be.

    \b
    Examples:
      isthmus lab guide --list
      isthmus lab guide S3
      isthmus lab guide S3 --until install-cluster1
      isthmus lab guide S3 --from gateway-cluster1
    """
    directory = workspace.guides_directory()
    try:
        if guide_name is None:
            _list_guides(directory)
            return
        found = guides.load(directory, guide_name)
        if listed:
            _list_steps(found)
            return
        start = found.position(first) if first else 0
        end = found.position(last) + 1 if last else len(found.steps)
    except guides.GuideError as problem:
        raise click.ClickException(str(problem)) from None
    _run(found, found.steps[start:end], lab_name, fresh=start == 0)


def _list_guides(directory: Path) -> None:
    for name in guides.names(directory):
        found = guides.load(directory, name)
        click.echo(f"{name:8} {found.title} ({len(found.steps)} steps, topology {found.topology})")


def _list_steps(found: guides.Guide) -> None:
    for number, step in enumerate(found.steps, start=1):
        click.echo(f"{number:3} {step.name:32} {step.says}")


def _run(found: guides.Guide, steps: tuple[guides.Step, ...], lab_name: str, *, fresh: bool) -> None:
    place = layout(lab_name).root / "guides" / found.name
    workspace.prepare(place, fresh=fresh)
    # The guide's shell is set up as a user's is, with the commands of this installation first on its PATH.
    programs = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    with guides.Shell(place, os.environ | {"PATH": programs}) as shell:
        prepared = shell.run(f'eval "$(isthmus lab env --name {lab_name})"', click.echo)
        failure = guides.run(found, steps, shell, click.echo) if prepared.status == 0 else _no_lab(prepared.output)
    if failure is not None:
        click.echo(
            f"\n{failure}\n\nfiles: {place}\ngo on: isthmus lab guide {found.name} --from {failure.step}", err=True
        )
        sys.exit(1)
    click.echo(f"\n{found.name}: all {len(steps)} steps went as they must. Files: {place}")


def _no_lab(output: str) -> guides.Failure:
    return guides.Failure(step="lab env", expected="a running lab (`isthmus lab up`)", seen=output)
