"""Options that all commands which talk to a cluster share, and how their errors become messages.

Knows click and where credentials come from. Does not know any command.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

if TYPE_CHECKING:
    from isthmus.kube.client import Client

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])


class Target(msgspec.Struct, frozen=True):
    """The cluster that a command is about. Empty strings stand for options that were not given.

    ``given`` are the fields that the user spelled out, as opposed to defaults.
    """

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    istio_namespace: str = "istio-system"
    given: frozenset[str] = frozenset()

    def client(self) -> Client:
        """A client for the cluster; an async context manager. ``AccessError`` when no credentials are found."""
        from isthmus.kube.access import default_access
        from isthmus.kube.client import Client

        return Client(default_access(self.kubeconfig or None, self.context or None))

    def workload_namespace(self, client: Client) -> str:
        """``-n``, else the namespace of the kubeconfig's context."""
        return self.namespace or client.access.namespace


def cluster_options(function: Command) -> Command:
    """Adds ``--kubeconfig --context -n -i``; the command gets them as ``target``.

    They may stand before the command's name as well (``istioctl --context=c1 install``); behind it they win.
    """

    @click.option("-c", "--kubeconfig", default="", metavar="FILE", help="Kubeconfig file.")
    @click.option("--context", default="", metavar="NAME", help="Context of the kubeconfig to use.")
    @click.option("-n", "--namespace", default="", metavar="NAMESPACE", help="Namespace of the workloads.")
    @click.option(
        "-i",
        "--istioNamespace",
        "istio_namespace",
        default="istio-system",
        show_default=True,
        envvar="ISTIO_NAMESPACE",
        metavar="NAMESPACE",
        help="Namespace of the control plane.",
    )
    @functools.wraps(function)
    def with_target(
        *args: Any, kubeconfig: str, context: str, namespace: str, istio_namespace: str, **rest: Any
    ) -> Any:
        target = _inherited(Target(kubeconfig, context, namespace, istio_namespace, _given()))
        return function(*args, target=target, **rest)

    return with_target  # type: ignore[return-value] # the decorated function has other parameters by design


def _given() -> frozenset[str]:
    context = click.get_current_context()
    defaults = (None, click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP)
    return frozenset(name for name in _FIELDS if context.get_parameter_source(name) not in defaults)


def _inherited(target: Target) -> Target:
    """What was not given here is taken from the options before the command's name."""
    outer = click.get_current_context().find_object(Target)
    if outer is None:
        return target
    missing = {name: getattr(outer, name) for name in outer.given - target.given}
    return msgspec.structs.replace(target, **missing, given=target.given | outer.given)


_FIELDS = ("kubeconfig", "context", "namespace", "istio_namespace")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a command's coroutine; faults of credentials and clusters become messages without tracebacks."""
    from isthmus.kube.errors import KubeError

    try:
        with _logs_on_stderr():
            return asyncio.run(work)
    except KubeError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _logs_on_stderr() -> Iterator[None]:
    """Keeps stdout for the command's own output, which is often piped into ``kubectl``."""
    import logging

    import structlog

    former = structlog.get_config()
    structlog.configure(
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    try:
        yield
    finally:
        structlog.configure(**former)
