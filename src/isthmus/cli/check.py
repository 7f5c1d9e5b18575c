"""``check``: numbered findings about clusters that are joined, each with its cause and its cure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from isthmus.cli.columns import Table, render
from isthmus.cli.options import Target, cluster_options, run
from isthmus.cli.outputs import structured

if TYPE_CHECKING:
    from isthmus.analysis.finding import Finding
    from isthmus.checks.facts import Fleet

FOUND_ERRORS = 79
"""Exit status when there are errors; the same as ``analyze``'s."""
HEADER = ("LEVEL", "CODE", "CLUSTER", "OBJECT", "FINDING")
_GAP = 3


@click.command("check")
@click.option("--contexts", multiple=True, metavar="NAME[,...]", help="Contexts of the clusters.  [repeatable]")
@click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True)
@cluster_options
def check(target: Target, contexts: tuple[str, ...], output: str) -> None:
    """Looks at the clusters of a mesh and at the ways between them, and says what is wrong, why, and what to do.

    Without --contexts it begins with the cluster of the current context. Clusters that remote secrets name are
    looked at with the secrets' own credentials. Nothing is changed: pods are created as dry runs only. The exit
    status is 79 when there are errors.

    \b
    Examples:
      isthmus check                                     this cluster, and those that its remote secrets name
      isthmus check --contexts=cluster1,cluster2        both sides, before or after they are joined
      isthmus check --contexts=c1 --contexts=c2 -o json
      isthmus check -i external-istiod --contexts="${CTX_EXTERNAL_CLUSTER},${CTX_REMOTE_CLUSTER}"
    """
    from isthmus.checks.check import check as check_fleet

    names = [name for group in contexts for name in group.split(",") if name] or [target.context]
    fleet = run(_look(target, names))
    findings = check_fleet(fleet)
    if output == "table":
        _print_table(fleet, findings)
    else:
        click.echo(structured(_plain(fleet, findings), output), nl=False)
    if any(finding.code.level.word == "Error" for finding in findings):
        click.get_current_context().exit(FOUND_ERRORS)


async def _look(target: Target, names: list[str]) -> Fleet:
    from isthmus.cli.check_clusters import Wanted, look_at_fleet
    from isthmus.kube.access import default_access

    accesses = tuple(default_access(target.kubeconfig or None, name or None) for name in names)
    return await look_at_fleet(Wanted(accesses, target.istio_namespace, _tell))


def _tell(what: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"- looking at {what}", err=True)


def _print_table(fleet: Fleet, findings: list[Finding]) -> None:
    clusters = ", ".join(member.name for member in fleet.members)
    if findings:
        click.echo(render(Table(HEADER, tuple(map(_row, findings)), _GAP)), nl=False)
        click.echo()
        click.echo("\n".join(_explained(findings)))
    else:
        click.echo(f"✔ Nothing is wrong as far as can be seen. Clusters: {clusters}")
        return
    counts = (f"{_count(findings, word)} {word.lower()}" for word in ("Error", "Warning", "Info"))
    click.echo(f"\nClusters: {clusters}. Findings: {', '.join(counts)}.")


def _row(finding: Finding) -> tuple[str, ...]:
    origin = finding.origin
    where = f"{origin} {origin.field}".rstrip()
    return finding.code.level.word, finding.code.id, origin.cluster, where, finding.sentence


def _explained(findings: list[Finding]) -> list[str]:
    """Cause and cures of each code, the cures as often as they differ."""
    lines: list[str] = []
    for code in dict.fromkeys(finding.code for finding in findings):
        texts = dict.fromkeys((each.cause, each.cure) for each in findings if each.code is code)
        lines.append(f"{code.id} {code.name}")
        lines += [f"  cause: {cause}" for cause in dict.fromkeys(cause for cause, _ in texts) if cause]
        lines += [f"  cure:  {cure}" for cure in dict.fromkeys(cure for _, cure in texts) if cure]
    return lines


def _count(findings: list[Finding], word: str) -> int:
    return sum(finding.code.level.word == word for finding in findings)


def _plain(fleet: Fleet, findings: list[Finding]) -> dict[str, Any]:
    return {
        "clusters": [{"name": member.name, "context": member.context, "uid": member.uid} for member in fleet.members],
        "findings": [
            {
                "code": finding.code.id,
                "name": finding.code.name,
                "level": finding.code.level.word,
                "cluster": finding.origin.cluster,
                "kind": finding.origin.kind,
                "namespace": finding.origin.namespace,
                "objectName": finding.origin.name,
                "field": finding.origin.field,
                "finding": finding.sentence,
                "cause": finding.cause,
                "cure": finding.cure,
            }
            for finding in findings
        ],
    }
