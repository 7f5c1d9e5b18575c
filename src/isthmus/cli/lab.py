"""`isthmus lab`: real Kubernetes clusters on this machine.

Knows options and output; the work is done in `isthmus.lab`. Modules are imported where they are used, so that
`lab env` costs a shell little.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from isthmus.cli.columns import Table, render
from isthmus.cli.main import LazyGroup
from isthmus.lab.state import LabError, Record, require
from isthmus.lab.topology import BUILT_IN, DEFAULT, Topology, TopologyError, generated, topology

_Function = TypeVar("_Function", bound=Callable[..., Any])

_name = click.option("--name", default="lab", show_default=True, envvar="ISTHMUS_LAB_NAME", help="Which lab.")
_output = click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)

GAP = 3
"""Blanks between columns, as kubectl's tables have."""

_TARGETS = {"guide": "isthmus.cli.guide:guide", "images": "isthmus.cli.images:images"}


@click.group(cls=LazyGroup, targets=_TARGETS)
def lab() -> None:
    """Real Kubernetes clusters on this Linux machine, without Docker or a cloud.

    \b
    Examples:
      isthmus lab up                    two clusters on two networks
      eval "$(isthmus lab env)"         kubectl --context $CTX_CLUSTER1 get nodes
      isthmus lab down                  leaves nothing behind
    """


def _expected_errors(command: _Function) -> _Function:
    """Errors that a user can cure are one line and exit status 1; anything else is a bug and shows its traceback."""

    @functools.wraps(command)
    def wrapped(*args: Any, **options: Any) -> Any:
        with _translated():
            return command(*args, **options)

    return wrapped  # type: ignore[return-value]


@contextmanager
def _translated() -> Iterator[None]:
    from isthmus.lab.binaries import BinaryMissingError
    from isthmus.lab.host import CommandError
    from isthmus.lab.images import ImageError
    from isthmus.lab.node.control import NodeError

    try:
        yield
    except TopologyError as problem:
        raise click.UsageError(str(problem)) from None
    except (LabError, BinaryMissingError, ImageError, CommandError, NodeError, TimeoutError) as problem:
        raise click.ClickException(str(problem)) from None


def _choices() -> str:
    return ", ".join(each.name for each in BUILT_IN)


@lab.command(
    epilog=f"Topologies: {_choices()}. Clusters of one network reach each other's pods; others do not, "
    "and their pod ranges overlap."
)
@click.argument("topology_name", metavar="[TOPOLOGY]", required=False)
@click.option("--clusters", type=int, help="Instead of TOPOLOGY: how many clusters.")
@click.option("--networks", type=int, help="With --clusters: how many networks they stand in.  [default: one each]")
@click.option("--nodes", type=int, default=1, show_default=True, help="With --clusters: nodes of each cluster.")
@_name
@_expected_errors
def up(topology_name: str | None, clusters: int | None, networks: int | None, nodes: int, name: str) -> None:
    """Brings up a lab and waits until all of it is ready.

    A second run goes on from where the first stopped, and mends what is broken.

    \b
    Examples:
      isthmus lab up
      isthmus lab up primary-remote
      isthmus lab up --clusters 3 --networks 2
    """
    wanted = _wanted(topology_name, clusters, networks, nodes, name)
    from isthmus.lab.privileges import become_root

    become_root()
    from isthmus.lab import display, packages
    from isthmus.lab import up as bring_up

    with display.showing() as progress:
        if missing := packages.missing():
            packages.install(missing, lambda line: progress.waits("packages", line))
            progress.done("packages")
        plan = bring_up.up(name, wanted, progress)
    contexts = ", ".join(cluster.cluster.name for cluster in plan.clusters)
    suffix = "" if name == "lab" else f" --name {name}"
    click.echo(f"{plan.topology.name} is up: contexts {contexts}.")
    click.echo(
        f'Next: eval "$(isthmus lab env{suffix})" && kubectl --context {plan.clusters[0].cluster.name} get nodes'
    )


def _wanted(
    topology_name: str | None, clusters: int | None, networks: int | None, nodes: int, name: str
) -> Topology | None:
    from isthmus.lab.state import read

    if clusters is not None:
        if topology_name is not None:
            raise click.UsageError("name a TOPOLOGY or give --clusters, not both")
        return generated(clusters, networks or clusters, nodes)
    if networks is not None or nodes != 1:
        raise click.UsageError("--networks and --nodes go with --clusters")
    if topology_name is None:
        return None if read(name) else topology(DEFAULT)
    return topology(topology_name)


@lab.command()
@_name
@_expected_errors
def down(name: str) -> None:
    """Takes a lab away: processes, mounts, namespaces, links, control groups, files.

    It works as well after a crash, or when `up` was interrupted.

    \b
    Example:
      isthmus lab down
    """
    from isthmus.lab.privileges import become_root

    become_root()
    from isthmus.lab import display
    from isthmus.lab import down as take_down

    with display.showing() as progress:
        found = take_down.down(name, progress)
    click.echo(f"lab {name} is gone" if found else f"there was no lab {name}")


@lab.command()
@_name
@_output
@_expected_errors
def status(name: str, output: str) -> None:
    """Shows clusters, nodes, daemons that are down, and links that are cut; exit status 1 where something is amiss.

    \b
    Examples:
      isthmus lab status
      isthmus lab status -o json | jq .clusters[].api
    """
    from isthmus.lab.privileges import become_root

    record = require(name)
    become_root()
    from isthmus.lab.status import status as ask

    found = ask(record)
    if output == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        _print_status(found)
    sys.exit(0 if found.is_well else 1)


def _print_status(found: Any) -> None:
    click.echo(f"lab {found.name}: {found.topology}")
    rows = [
        (
            each.name,
            each.network,
            f"{each.ready_nodes}/{each.nodes}",
            each.version or "-",
            each.api,
            each.pods,
            each.load_balancers,
            each.problem or "ok",
        )
        for each in found.clusters
    ]
    header = ("CLUSTER", "NETWORK", "READY", "VERSION", "API SERVER", "PODS", "LOAD BALANCERS", "STATE")
    click.echo(render(Table(header, tuple(rows)), GAP), nl=False)
    for cluster in found.clusters:
        for daemon in cluster.daemons_down:
            click.echo(f"down: {daemon}")
    for cut in found.cuts:
        click.echo(f"cut: {cut.source} -> {cut.target}" + (" (new connections only)" if cut.one_way else ""))


@lab.command()
@_name
@_expected_errors
def env(name: str) -> None:
    """Prints shell exports: PATH, KUBECONFIG, and the contexts by the names that the guides use.

    \b
    Example:
      eval "$(isthmus lab env)"
    """
    from isthmus.lab.layout import layout
    from isthmus.lab.shell import exports

    click.echo(exports(require(name).topology, layout(name)), nl=False)


@lab.command()
@click.option("--install", is_flag=True, help="Install what is missing: packages and programs. Needs root.")
@click.option("-q", "--quiet", is_flag=True, help="Only what is amiss.")
@_output
@_expected_errors
def doctor(install: bool, quiet: bool, output: str) -> None:
    """Says what this machine lacks for a lab, and the one command that installs it.

    \b
    Examples:
      isthmus lab doctor
      isthmus lab doctor --install
    """
    from isthmus.lab import doctor as examiner

    if install:
        _install()
    findings = examiner.examine()
    if output == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(findings)).decode())
    else:
        _print_findings([each for each in findings if not (quiet and each.ok)])
    sys.exit(0 if all(each.ok for each in findings) else 1)


def _install() -> None:
    from isthmus.lab import binaries, display, packages
    from isthmus.lab.progress import reporter

    missing = packages.missing()
    programs = binaries.missing(binaries.all_names())
    if not missing and not programs:
        return
    if missing:
        from isthmus.lab.privileges import become_root

        become_root()
    with display.showing() as progress:
        if missing:
            packages.install(missing, reporter(progress, "packages"))
            progress.done("packages")
        binaries.ensure(binaries.all_names(), reporter(progress, "programs"))
        progress.done("programs")


def _print_findings(findings: list[Any]) -> None:
    if findings:
        rows = tuple((each.name, "ok" if each.ok else "MISSING", each.found, each.cure) for each in findings)
        click.echo(render(Table(("NEED", "STATE", "FOUND", "CURE"), rows), GAP), nl=False)


@lab.group()
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
@_name
@_expected_errors
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
@_name
@_expected_errors
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
@_name
@_expected_errors
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
@_name
@_expected_errors
def start_api(cluster: str, name: str) -> None:
    """Starts a cluster's API server again.

    \b
    Example:
      isthmus lab fault start-api cluster2
    """
    from isthmus.lab import faults

    faults.start_api(_record(name), cluster)
    click.echo(f"the API server of {cluster} is starting")
