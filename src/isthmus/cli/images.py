"""`isthmus lab images`: builds the lab's images, or writes their build contexts for other builders."""

from pathlib import Path

import click

from isthmus.lab.binaries import BinaryMissingError


@click.command()
@click.option(
    "--contexts",
    type=click.Path(path_type=Path, file_okay=False),
    help="Do not build: write a build context per image below this directory, for docker build and buildah bud.",
)
def images(contexts: Path | None) -> None:
    """Builds what is missing or changed of the lab's images, offline, and shows their sizes.

    \b
    Examples:
      isthmus lab images
      isthmus lab images --contexts build/images
    """
    from isthmus.lab import images as builder
    from isthmus.lab.images import export

    try:
        if contexts:
            export.write_contexts(contexts, click.echo)
            return
        builder.ensure_template(click.echo)
    except (builder.ImageError, BinaryMissingError) as problem:
        raise click.ClickException(str(problem)) from None
    for image in builder.build_all():
        click.echo(f"{image.reference:50} {image.size / 1e6:7.1f} MB")
