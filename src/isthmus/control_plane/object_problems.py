"""Log lines about users' objects: what derivation finds wrong with them, once, with the object's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from isthmus.api.config import Problems
from isthmus.collections import Change
from isthmus.derive.discovery import Discovery
from isthmus.derive.domain import ConfigKey

log = structlog.get_logger(__name__)

Changes = Mapping[ConfigKey, Change[Problems]]


def log_problems(discovery: Discovery) -> None:
    """From now on every new problem is logged, and the end of an object's last one, too."""
    for kind, rows in discovery.tables.problems.items():
        rows.observe(_logger(kind))


def _logger(kind: str) -> Callable[[Changes], None]:
    def changed(changes: Changes) -> None:
        for (namespace, name), change in changes.items():
            known, found = change.old or (), change.new or ()
            for problem in found:
                if problem not in known:
                    log.warning(
                        "configuration", object=f"{kind} {namespace}/{name}", problem=str(problem), rule=problem.rule
                    )
            if known and not found:
                log.info("configuration in order", object=f"{kind} {namespace}/{name}")

    return changed
