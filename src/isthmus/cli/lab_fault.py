"""`isthmus lab fault`: cuts and mends links between clusters, stops and starts API servers."""

import click

from isthmus.cli.lab_options import expected_errors, name_option
from isthmus.lab.state import Record, require


@click.group()
def fault() -> None:
    """Breaks a lab on purpose, and mends it.

    \b
    Examples:
      isthmus lab fault cut cluster1 cluster2
      isthmus lab fault heal
      isthmus lab fault stop-api cluster2
    """


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

    for each in faults.cut(_record(name), source, target, one_way=one_way):
        click.echo(f"cut: {each.source} -> {each.target}" + (" (new connections only)" if each.one_way else ""))


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

    left = faults.heal(_record(name), one, other)
    click.echo(f"{len(left)} links are still cut" if left else "all links are whole")


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
