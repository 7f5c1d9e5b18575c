"""What the commands of `isthmus lab` share: the lab's name, the output format, and errors that a user can cure."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from isthmus.lab.state import LabError
from isthmus.lab.topology import TopologyError

_Function = TypeVar("_Function", bound=Callable[..., Any])

name_option = click.option("--name", default="lab", show_default=True, envvar="ISTHMUS_LAB_NAME", help="Which lab.")
output_option = click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)


def expected_errors(command: _Function) -> _Function:
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
