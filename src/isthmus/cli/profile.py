"""`profile`: the settings that an installation starts from."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import click

from isthmus.cli.go_yaml import dump as yaml_of
from isthmus.cli.operator_options import Operator, manifests_option, reading
from isthmus.cli.options import Target
from isthmus.cli.outputs import structured


@click.group("profile")
def profile() -> None:
    """Lists, shows and compares the built-in profiles."""


@profile.command("list")
@manifests_option
def list_profiles(manifests: str) -> None:
    """Lists the profiles by name."""
    from isthmus.install.profiles import profile_names

    names = profile_names(Operator((), (), manifests, "").charts)
    click.echo("Istio configuration profiles:")
    for name in names:
        click.echo(f"    {name}")


@profile.command("dump")
@click.argument("name", default="")
@click.option("-f", "--filename", "files", multiple=True, metavar="FILE", help="IstioOperator file to lay on it.")
@click.option("-p", "--config-path", "path", default="", metavar="PATH", help="Only what is below, such as components.")
@click.option("-o", "--output", type=click.Choice(["yaml", "json", "flags"]), default="yaml", show_default=True)
@manifests_option
def dump(name: str, files: tuple[str, ...], path: str, output: str, manifests: str) -> None:
    """Shows a profile as an IstioOperator file: what an installation with it starts from.

    \b
    Examples:
      isthmus profile dump demo
      isthmus profile dump --config-path components.pilot
      isthmus profile dump remote -f my.yaml -o flags
    """
    found = _below(_object(Operator(files, (f"profile={name}",) if name else (), manifests, "")), path)
    if output != "flags":
        click.echo(structured(found, output), nl=False)
        return
    for line in _flags(found.get("spec", found) if isinstance(found, dict) else found, path.removeprefix("spec.")):
        click.echo(line)


@profile.command("diff")
@click.argument("one")
@click.argument("other")
@manifests_option
def diff(one: str, other: str, manifests: str) -> None:
    """Shows in what two profiles differ; each is a name, or a file. The exit status is 1 when they do."""
    left, right = (yaml_of(_object(_operator(each, manifests))).splitlines() for each in (one, other))
    lines = list(difflib.unified_diff(left, right, one, other, lineterm=""))
    if not lines:
        click.echo("Profiles are identical")
        return
    click.echo("The difference between profiles:")
    for line in lines:
        click.echo(line)
    raise click.exceptions.Exit(1)


def _operator(name: str, manifests: str) -> Operator:
    is_file = name.endswith((".yaml", ".yml"))
    return Operator((name,), (), manifests, "") if is_file else Operator((), (f"profile={name}",), manifests, "")


def _object(operator: Operator) -> dict[str, Any]:
    from isthmus.install.merge_order import DEFAULT_NAMESPACE, specification
    from isthmus.install.operator_file import API_VERSION, KIND

    with reading():
        spec = specification(operator.request(Target()))
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"namespace": DEFAULT_NAMESPACE}, "spec": spec}


def _below(found: dict[str, Any], path: str) -> Any:
    if not path:
        return found
    node: Any = found["spec"]
    for key in path.removeprefix("spec.").split("."):
        if not isinstance(node, Mapping) or key not in node:
            raise click.BadParameter(f"{path!r}: the profile sets no {key!r} there", param_hint="--config-path")
        node = node[key]
    return node


def _flags(value: Any, path: str) -> Iterator[str]:
    """A tree as arguments of `--set`."""
    if isinstance(value, Mapping) and value:
        for key, entry in value.items():
            escaped = str(key).replace(".", "\\.")
            yield from _flags(entry, f"{path}.{escaped}" if path else escaped)
    elif isinstance(value, list) and value:
        for index, entry in enumerate(value):
            yield from _flags(entry, f"{path}[{index}]")
    elif not isinstance(value, Mapping | list):
        yield f"{path}={str(value).lower() if isinstance(value, bool) else value}"
