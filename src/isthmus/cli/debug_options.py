"""Options with which a control plane's discovery port is reached."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

Command = TypeVar("Command", bound=Callable[..., Any])


class DebugOptions(msgspec.Struct, frozen=True):
    """Port 0 is the usual one; an empty revision is every one."""

    port: int
    plaintext: bool
    insecure: bool
    revision: str


def discovery_options(function: Command) -> Command:
    """Adds ``--xds-port --plaintext --insecure -r``; the command gets them as ``debug``."""

    @click.option("--xds-port", type=int, default=0, help="Discovery port [default: 15012, plaintext 15010].")
    @click.option("--plaintext", is_flag=True, help="Connect without TLS and identity.")
    @click.option("--insecure", is_flag=True, help="Connect with TLS, without checking the certificate.")
    @click.option("-r", "--revision", default="", help="Ask only control planes of this revision.")
    @functools.wraps(function)
    def with_options(*args: Any, xds_port: int, plaintext: bool, insecure: bool, revision: str, **rest: Any) -> Any:
        return function(*args, debug=DebugOptions(xds_port, plaintext, insecure, revision), **rest)

    return with_options  # type: ignore[return-value] # the decorated function has other parameters by design
