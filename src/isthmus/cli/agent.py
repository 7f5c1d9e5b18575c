"""``agent``: the proxy image's program under the main command, for images that have only that one."""

from __future__ import annotations

import click


@click.command("agent", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def agent(arguments: tuple[str, ...]) -> None:
    """Runs the agent beside Envoy; takes the same arguments as ``isthmus-agent``."""
    from isthmus.agent.main import main

    main(arguments)
