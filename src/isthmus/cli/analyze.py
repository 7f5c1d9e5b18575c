"""``analyze``: findings about live clusters, files, or files laid over a cluster."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from isthmus.cli.options import Target, cluster_options, run

if TYPE_CHECKING:
    from isthmus.analysis.analyze import Suppression
    from isthmus.analysis.finding import Finding
    from isthmus.analysis.snapshot import Snapshot
    from isthmus.cli.analyze_files import Parsed

FOUND_ISSUES = 79
"""Exit status when findings reach the failure threshold; ``istioctl``'s."""
UNREADABLE_FILES = 65
"""Exit status when nothing worse happened than files that are no objects; ``istioctl``'s."""
_LEVEL = click.Choice(["Info", "Warning", "Error"], case_sensitive=False)
_COLOURS = {"Info": "blue", "Warning": "yellow", "Error": "red"}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one call."""

    files: tuple[str, ...]
    all_namespaces: bool
    use_kube: bool
    output: str
    output_threshold: str
    failure_threshold: str
    suppress: tuple[str, ...]
    recursive: bool
    ignore_unknown: bool
    revision: str
    mesh_config_file: Path | None
    multi_cluster: bool
    remote_contexts: tuple[str, ...]
    timeout: float
    colour: bool | None
    verbose: bool


class Subject(msgspec.Struct, frozen=True):
    """What was analyzed: the namespace (empty: all), the files, and the mesh."""

    namespace: str
    files: Parsed
    snapshot: Snapshot

    @property
    def words(self) -> str:
        """For messages."""
        if self.files.names:
            return "\n".join(self.files.names)
        return f"namespace: {self.namespace}" if self.namespace else "all namespaces"


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    from isthmus.api.duration import seconds

    try:
        return float(value) if value.isdigit() else seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command("analyze")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("-A", "--all-namespaces", is_flag=True, help="Analyze all namespaces.")
@click.option(
    "-k", "--use-kube", type=bool, default=True, show_default=True, help="Look at the live cluster, not only at files."
)
@click.option("-o", "--output", type=click.Choice(["log", "json", "yaml"]), default="log", show_default=True)
@click.option("--output-threshold", type=_LEVEL, default="Info", show_default=True, help="Least level that is shown.")
@click.option(
    "--failure-threshold", type=_LEVEL, default="Error", show_default=True, help="Least level that makes it fail."
)
@click.option(
    "-S",
    "--suppress",
    multiple=True,
    metavar="CODE=RESOURCE",
    help='Hide, as in "IST0103=Pod test/*".  [repeatable]',
)
@click.option("-R", "--recursive", is_flag=True, help="Read directories with everything below them.")
@click.option("--ignore-unknown", is_flag=True, help="Do not complain about files that hold no objects.")
@click.option("--revision", default="default", show_default=True, help="Revision of the control plane.")
@click.option(
    "--meshConfigFile",
    "mesh_config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Mesh settings to use instead of the cluster's.",
)
@click.option(
    "--multi-cluster/--no-multi-cluster",
    default=True,
    show_default=True,
    help="Look at other clusters through remote secrets.",
)
@click.option(
    "--remote-contexts", multiple=True, metavar="CONTEXT[,...]", help="Contexts of further clusters.  [repeatable]"
)
@click.option("--timeout", default="30s", show_default=True, callback=_seconds, help="Time before giving up.")
@click.option("--color/--no-color", "colour", default=None, help="Colour levels.  [default: on a terminal]")
@click.option("-L", "--list-analyzers", is_flag=True, help="List analyzers and stop.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was looked at.")
@cluster_options
def analyze(target: Target, list_analyzers: bool, **options: Any) -> None:
    """Finds mistakes in the configuration of a mesh.

    Findings are numbered: IST codes are Istio's, ISM codes are about several clusters.

    \b
    Examples:
      istioctl analyze                                      namespace of the context
      istioctl analyze -A                                   all namespaces
      istioctl analyze a.yaml my-config/                    as if these files were applied
      istioctl analyze --use-kube=false a.yaml              files only
      istioctl analyze --context=c1 --remote-contexts=c2,c3
      istioctl analyze -A -o json --failure-threshold Warning
    """
    if list_analyzers:
        _list_analyzers()
        return
    request = Request(**options)
    suppressed = tuple(_suppression(text) for text in request.suppress)
    subject = run(_read(target, request)) if request.use_kube else _read_files(target, request)
    _report(request, subject, suppressed)


def _list_analyzers() -> None:
    from isthmus.analysis.analyze import ANALYZERS

    for name, analyzer in sorted(ANALYZERS.items()):
        click.echo(f"* {name}:")
        click.echo(f"    {' '.join((analyzer.run.__doc__ or '').split())}")


def _suppression(text: str) -> Suppression:
    from isthmus.analysis.analyze import Suppression
    from isthmus.analysis.codes import ALL

    code, equals, resource = text.partition("=")
    if not equals or not resource:
        raise click.UsageError(f"--suppress {text!r}: write CODE=RESOURCE, such as 'IST0103=Pod test/*'")
    if code not in {known.id for known in ALL}:
        warning = f"Warning: Supplied message code '{code}' is an unknown message code and will not have any effect."
        click.echo(warning, err=True)
    return Suppression(code, resource)


async def _read(target: Target, request: Request) -> Subject:
    from isthmus.cli.analyze_clusters import Wanted, read_mesh
    from isthmus.cli.analyze_files import parse_files
    from isthmus.kube.access import default_access
    from isthmus.kube.kinds import NAMESPACE

    contexts = [name for group in request.remote_contexts for name in group.split(",") if name]
    async with target.client() as client:
        namespace = target.workload_namespace(client)
        parsed = parse_files(request.files, namespace, recursive=request.recursive)
        wanted = Wanted(
            system_namespace=target.istio_namespace,
            revision=request.revision,
            files=parsed.objects,
            contexts=tuple(default_access(target.kubeconfig or None, name) for name in contexts),
            remote=request.multi_cluster,
        )
        try:
            async with asyncio.timeout(request.timeout):
                if not request.all_namespaces and await client.find(NAMESPACE, namespace) is None:
                    raise click.ClickException(f'namespace "{namespace}" not found; use -n NAMESPACE or -A')
                snapshot = await read_mesh(client, wanted)
        except TimeoutError:
            raise click.ClickException(f"no answer within {request.timeout:g} s; see --timeout") from None
    return Subject("" if request.all_namespaces else namespace, parsed, _with_mesh_file(snapshot, request))


def _read_files(target: Target, request: Request) -> Subject:
    from isthmus.analysis.files import mesh_of_files
    from isthmus.cli.analyze_files import parse_files

    if not request.files:
        raise click.UsageError("--use-kube=false needs files to look at")
    namespace = target.namespace or "default"
    parsed = parse_files(request.files, namespace, recursive=request.recursive)
    snapshot = mesh_of_files(parsed.objects, target.istio_namespace)
    return Subject(target.namespace, parsed, _with_mesh_file(snapshot, request))


def _with_mesh_file(snapshot: Snapshot, request: Request) -> Snapshot:
    from isthmus.api.mesh_config_layers import parse

    path = request.mesh_config_file
    if path is None:
        return snapshot
    settings, problems = parse(path.read_text(encoding="utf-8"), str(path))
    if problems:
        raise click.ClickException("; ".join(map(str, problems)))
    return msgspec.structs.replace(snapshot, mesh=settings)


def _report(request: Request, subject: Subject, suppressed: tuple[Suppression, ...]) -> None:
    from isthmus.analysis.analyze import ANALYZERS, analyze
    from isthmus.analysis.finding import Level

    for complaint in () if request.ignore_unknown else subject.files.complaints:
        click.echo(f"Error(s) adding files: {complaint}", err=True)
    if request.verbose:
        clusters = ", ".join(cluster.name for cluster in subject.snapshot.clusters)
        click.echo(f"Analyzed resources in {subject.words} (clusters: {clusters})", err=True)
        click.echo(f"Executed analyzers: {', '.join(sorted(ANALYZERS))}\n", err=True)
    findings = analyze(subject.snapshot, subject.namespace, suppressed)
    shown = [entry for entry in findings if entry.code.level >= Level[request.output_threshold.upper()]]
    _print(request, shown)
    if not shown and not subject.files.complaints:
        click.echo(f"✔ No validation issues found when analyzing {subject.words}.", err=True)
    failing = Level[request.failure_threshold.upper()]
    _exit(request, subject, any(entry.code.level >= failing for entry in findings))


def _exit(request: Request, subject: Subject, failed: bool) -> None:
    """As with ``istioctl``, only the log format fails: the others are for programs that look at the findings."""
    if request.output != "log":
        return
    context = click.get_current_context()
    if failed:
        click.echo(f"Error: Analyzers found issues when analyzing {subject.words}.", err=True)
        click.echo("The codes are explained at https://istio.io/latest/docs/reference/config/analysis", err=True)
        context.exit(FOUND_ISSUES)
    if subject.files.complaints and not request.ignore_unknown:
        click.echo("Error: Some files couldn't be parsed.", err=True)
        context.exit(UNREADABLE_FILES)


def _print(request: Request, findings: list[Finding]) -> None:
    if request.output != "log":
        from isthmus.cli.outputs import structured

        click.echo(structured([entry.plain() for entry in findings], request.output), nl=False)
        return
    for entry in findings:
        level = entry.code.level.word
        head = click.style(level, fg=_COLOURS[level])
        click.echo(head + str(entry).removeprefix(level), color=request.colour)
