"""``istio-iptables`` and ``istio-clean-iptables``: what the init container calls.

Knows: reading the pod's surroundings, and what is done in which order. Does not know rules.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

from isthmus.capture import arguments, validation
from isthmus.capture.install import InstallError, install, remove
from isthmus.capture.iptables_text import iptables_text
from isthmus.capture.nftables_text import nftables_text
from isthmus.capture.rules import rules
from isthmus.capture.settings import Capture
from isthmus.process import interfaces, logs, resolver_file
from isthmus.process.variables import Variables

log = logging.getLogger("capture")


def run(words: list[str]) -> int:
    """``istio-iptables``: 0, 1 when rules could not be installed, 126 when they are not in force."""
    capture, options = _read(words)
    if options.clean_only:
        return _guarded(lambda: remove(capture, options.nftables))
    if options.dry_run:
        print(text(capture, options.nftables), end="")
        return 0
    if not options.skip_apply:
        failed = _guarded(lambda: install(capture, options.nftables, options.force))
        if failed:
            return failed
    return _validated(capture, options.probe_port) if options.validate else 0


def clean(words: list[str]) -> int:
    """``istio-clean-iptables``: 0, or 1 when rules could not be removed."""
    capture, options = _read(words)
    return _guarded(lambda: remove(capture, options.nftables))


def text(capture: Capture, nftables: bool) -> str:
    """The rules as they would be loaded."""
    wanted = rules(capture)
    if nftables:
        return nftables_text(wanted)
    return "".join(iptables_text(wanted, family) for family in capture.families)


def _read(words: list[str]) -> tuple[Capture, arguments.Options]:
    parsed, unknown = arguments.parser().parse_known_args(words)
    values: dict[str, str] = vars(parsed)
    logs.configure(values["log_output_level"], as_json=False)
    if unknown:
        log.warning("options without effect here: %s", " ".join(unknown))
    surroundings = arguments.Surroundings(interfaces.has_ipv6(), resolver_file.read().name_servers)
    return arguments.capture(values, Variables(os.environ), surroundings), arguments.options(values)


def _guarded(action: Callable[[], None]) -> int:
    try:
        action()
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _validated(capture: Capture, probe_port: int) -> int:
    try:
        validation.validate(capture, interfaces.own_addresses(), probe_port)
    except validation.NotCapturedError as error:
        print(f"the pod's traffic is not captured: {error}", file=sys.stderr)
        return validation.FAILED
    return 0
