"""Options that all commands which take IstioOperator files share.

Knows click and how files, `-` and flags become a request. Does not know what a request leads to.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from isthmus.cli.options import Target

if TYPE_CHECKING:
    from isthmus.install.merge_order import Request
    from isthmus.install.plan import Plan

Command = TypeVar("Command", bound=Callable[..., Any])


class Operator(msgspec.Struct, frozen=True):
    """The options as given. Empty texts stand for options that were not given."""

    files: tuple[str, ...]
    settings: tuple[str, ...]
    manifests: str
    revision: str

    @property
    def reads_stdin(self) -> bool:
        """Whether a file comes from standard input."""
        return "-" in self.files

    def plan(self, target: Target) -> Plan:
        """Read, settle and render; mistakes end the command with a message that names file and field.

        `--istioNamespace` counts when it was given: its default says nothing about files.
        """
        from isthmus.install.plan import plan

        with reading():
            return plan(self.request(target))

    @property
    def charts(self) -> Path:
        """The charts to use: those of `--manifests`, else the built-in."""
        from isthmus.shipped import shipped

        return _charts(Path(self.manifests)) if self.manifests else shipped("charts")

    def request(self, target: Target) -> Request:
        """The options as a request. InstallError names the file that is wrong, and how."""
        from isthmus.install.merge_order import Request
        from isthmus.install.operator_file import parse

        if self.files.count("-") > 1 or ("-" in self.files and self.files[-1] != "-"):
            raise click.UsageError("-f - can be given once, as the last file")
        return Request(
            charts=self.charts,
            files=tuple(parse(_read(name), "standard input" if name == "-" else name) for name in self.files),
            settings=self.settings,
            revision=self.revision,
            istio_namespace=target.istio_namespace if "istio_namespace" in target.given else "",
        )


@contextmanager
def reading() -> Iterator[None]:
    """Mistakes in files, flags and charts end the command with their message."""
    from isthmus.install.errors import InstallError

    try:
        yield
    except InstallError as problem:
        raise click.ClickException(str(problem)) from None


def _charts(path: Path) -> Path:
    inside = path / "charts"
    charts = inside if inside.is_dir() else path
    if not charts.is_dir():
        raise click.BadParameter(f"{path} is no directory", param_hint="--manifests")
    return charts


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise click.ClickException(f"{name} cannot be read: {reason}") from None


manifests_option = click.option(
    "-d", "--manifests", "--charts", default="", metavar="DIR", help="Charts to use instead of the built-in."
)


def operator_options(function: Command) -> Command:
    """Adds `-f -s -d -r`; the command gets them as `operator`."""

    @click.option(
        "-f", "--filename", "files", multiple=True, metavar="FILE", help="IstioOperator file; - is standard input."
    )
    @click.option(
        "-s",
        "--set",
        "settings",
        multiple=True,
        metavar="PATH=VALUE",
        help="Override a field below spec, for example values.global.network=network1.",
    )
    @manifests_option
    @click.option("-r", "--revision", default="", metavar="NAME", help="Revision of the control plane.")
    @functools.wraps(function)
    def with_operator(
        *args: Any, files: tuple[str, ...], settings: tuple[str, ...], manifests: str, revision: str, **rest: Any
    ) -> Any:
        return function(*args, operator=Operator(files, settings, manifests, revision), **rest)

    return with_operator  # type: ignore[return-value] # the decorated function has other parameters by design
