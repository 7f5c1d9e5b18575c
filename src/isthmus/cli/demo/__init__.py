"""`isthmus demo`: two clusters, one mesh, answers from both, from nothing to a summary.

Knows the main job's steps and what a newcomer wants to see of them. Every step calls what users call: the lab,
the installer, remote secrets, the samples. It contains nothing that a mesh needs.
"""

import click


@click.command()
@click.option("--name", default="lab", show_default=True, envvar="ISTHMUS_LAB_NAME", help="The lab to use or to make.")
def demo(name: str) -> None:
    """Makes two real clusters on two networks into one mesh, and shows answers from both.

    Sets up everything that is missing, and leaves it running. A second run goes on from where the first stopped.
    Needs root (sudo is used where it is there).

    \b
    Examples:
      isthmus demo
      isthmus lab down        takes everything away again
    """
    from isthmus.cli.demo.command import run

    run(name)
