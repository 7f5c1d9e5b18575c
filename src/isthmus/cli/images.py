"""`isthmus lab images`: builds the lab's images, or writes their build contexts for other builders."""

from pathlib import Path

import click

from isthmus.lab.binaries import BinaryMissingError
from isthmus.lab.layout import layout
from isthmus.lab.state import LabError, require


@click.command()
@click.option(
    "--contexts",
    type=click.Path(path_type=Path, file_okay=False),
    help="Do not build: write a build context per image below this directory, for docker build and buildah bud.",
)
@click.option("--load", is_flag=True, help="Also load them into the nodes of the running lab.")
@click.option("--name", default="lab", show_default=True, envvar="ISTHMUS_LAB_NAME", help="Which lab, with --load.")
def images(contexts: Path | None, *, load: bool, name: str) -> None:
    """Builds what is missing or changed of the lab's images, offline, and shows their sizes.

    \b
    Examples:
      isthmus lab images
      isthmus lab images --load && kubectl -n istio-system rollout restart deployment istiod
      isthmus lab images --contexts build/images
    """
    from isthmus.lab import images as builder
    from isthmus.lab.images import export

    try:
        if contexts:
            export.write_contexts(contexts, click.echo)
            return
        builder.ensure_template(click.echo)
        if load:
            builder.load_into(_nodes(name), click.echo)
    except (builder.ImageError, BinaryMissingError, LabError) as problem:
        raise click.ClickException(str(problem)) from None
    for image in builder.build_all():
        click.echo(f"{image.reference:50} {image.size / 1e6:7.1f} MB")


def _nodes(name: str) -> list[tuple[Path, Path]]:
    files = layout(name)
    names = (node.node.name for node in require(name).plan().nodes)
    return [(files.containerd_socket(node), files.node(node) / "containerd") for node in names]
