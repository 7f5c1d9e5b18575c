"""`isthmus lab`: real Kubernetes clusters on this machine.

Knows options and output; the work is done in `isthmus.lab`. Modules are imported where they are used, so that
`lab env` costs a shell little.
"""

import sys
from typing import Any

import click

from isthmus.cli.columns import Table, render
from isthmus.cli.lab_fault import described
from isthmus.cli.lab_options import expected_errors, name_option, output_option
from isthmus.cli.main import LazyGroup
from isthmus.lab.state import require
from isthmus.lab.topology import BUILT_IN, DEFAULT, Topology, generated, topology

GAP = 3
"""Blanks between columns, as kubectl's tables have."""

_TARGETS = {
    "fault": "isthmus.cli.lab_fault:fault",
    "guide": "isthmus.cli.guide:guide",
    "images": "isthmus.cli.images:images",
    "leftovers": "isthmus.cli.lab_leftovers:leftovers",
    "publish": "isthmus.cli.lab_publish:publish",
}


@click.group(cls=LazyGroup, targets=_TARGETS)
def lab() -> None:
    """Real Kubernetes clusters on this Linux machine, without Docker or a cloud.

    \b
    Examples:
      isthmus lab up                    two clusters on two networks
      eval "$(isthmus lab env)"         kubectl --context $CTX_CLUSTER1 get nodes
      isthmus lab down                  leaves nothing behind
    """


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
@name_option
@expected_errors
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
@name_option
@expected_errors
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
@name_option
@output_option
@expected_errors
def status(name: str, output: str) -> None:
    """Shows clusters, nodes, daemons that are down, and faulty links; exit status 1 where something is amiss.

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
    click.echo(render(Table(header, tuple(rows), GAP)), nl=False)
    for cluster in found.clusters:
        for daemon in cluster.daemons_down:
            click.echo(f"down: {daemon}")
    for line in described(found):
        click.echo(line)


@lab.command()
@name_option
@expected_errors
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
@output_option
@expected_errors
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
        click.echo(render(Table(("NEED", "STATE", "FOUND", "CURE"), rows, GAP)), nl=False)
