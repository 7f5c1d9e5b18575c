"""`isthmus lab fault`: cuts, slows and mends links between clusters, stops and starts API servers."""

import re
from typing import TYPE_CHECKING

import click

from isthmus.cli.lab_options import expected_errors, name_option
from isthmus.lab.state import Record, require

if TYPE_CHECKING:
    from isthmus.lab.faults import Links
    from isthmus.lab.status import LabStatus


@click.group()
def fault() -> None:
    """Breaks a lab on purpose, and mends it.

    \b
    Examples:
      isthmus lab fault cut cluster1 cluster2
      isthmus lab fault heal
      isthmus lab fault stop-api cluster2
    """


def described(links: "Links | LabStatus") -> tuple[str, ...]:
    """A line for each link that is not whole."""
    cuts = (
        f"cut: {each.source} -> {each.target}" + (" (connections from there only)" if each.one_way else "")
        for each in links.cuts
    )
    slow = (f"slow: {each.source} -> {each.target} ({each.delay} ms, {each.loss:g} % lost)" for each in links.slow)
    return (*cuts, *slow)


def _record(name: str) -> Record:
    from isthmus.lab.privileges import become_root

    record = require(name)
    become_root()
    return record


@fault.command()
@click.argument("source")
@click.argument("target", required=False)
@click.option("--one-way", is_flag=True, help="SOURCE cannot call TARGET, while TARGET can call SOURCE.")
@name_option
@expected_errors
def cut(source: str, target: str | None, one_way: bool, name: str) -> None:
    """Cuts the link between two clusters, or between SOURCE and all others. This machine still reaches both.

    \b
    Example:
      isthmus lab fault cut cluster1 cluster2
    """
    from isthmus.lab import faults

    for line in described(faults.cut(_record(name), source, target, one_way=one_way)):
        click.echo(line)


@fault.command()
@click.argument("source")
@click.argument("target", required=False)
@click.option("--delay", default="200ms", show_default=True, help="For each packet, in both directions; 0ms for none.")
@click.option("--loss", default="0%", show_default=True, help="Packets that never arrive, in both directions.")
@name_option
@expected_errors
def slow(source: str, target: str | None, delay: str, loss: str, name: str) -> None:
    """Makes the link between two clusters, or between SOURCE and all others, slow and lossy.

    \b
    Example:
      isthmus lab fault slow cluster1 cluster2 --delay 200ms --loss 1%
    """
    from isthmus.lab import faults

    milliseconds, percent = _number(delay, "ms", "--delay"), _number(loss, "%", "--loss")
    for line in described(faults.slow(_record(name), source, target, delay=round(milliseconds), loss=percent)):
        click.echo(line)


def _number(text: str, unit: str, option: str) -> float:
    found = re.fullmatch(rf"(\d+(?:\.\d+)?){unit}", text)
    if not found:
        raise click.BadParameter(f"{text!r} is not a number with the unit {unit}", param_hint=option)
    return float(found[1])


@fault.command()
@click.argument("one", required=False)
@click.argument("other", required=False)
@name_option
@expected_errors
def heal(one: str | None, other: str | None, name: str) -> None:
    """Mends all links, those of one cluster, or those between two.

    \b
    Example:
      isthmus lab fault heal
    """
    from isthmus.lab import faults

    for line in described(faults.heal(_record(name), one, other)) or ("all links are whole",):
        click.echo(line)


@fault.command("stop-api")
@click.argument("cluster")
@name_option
@expected_errors
def stop_api(cluster: str, name: str) -> None:
    """Kills a cluster's API server and keeps it down. Pods and their traffic go on.

    \b
    Example:
      isthmus lab fault stop-api cluster2
    """
    from isthmus.lab import faults

    faults.stop_api(_record(name), cluster)
    click.echo(f"the API server of {cluster} is down")


@fault.command("start-api")
@click.argument("cluster")
@name_option
@expected_errors
def start_api(cluster: str, name: str) -> None:
    """Starts a cluster's API server again.

    \b
    Example:
      isthmus lab fault start-api cluster2
    """
    from isthmus.lab import faults

    faults.start_api(_record(name), cluster)
    click.echo(f"the API server of {cluster} is starting")
