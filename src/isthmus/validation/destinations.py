"""Rules of route destinations and of their weights."""

from __future__ import annotations

from isthmus.api.config import Problem
from isthmus.api.destination import Destination
from isthmus.validation import syntax
from isthmus.validation.findings import Findings, wrong


def destination(path: str, value: Destination) -> Findings:
    """A service that does not have a name, or a malformed subset or port."""
    if value.host == "*":
        yield Problem(f"{path}.host", "'*' names no service")
    else:
        yield from wrong(f"{path}.host", syntax.host_or_address(value.host))
    if value.subset:
        yield from wrong(f"{path}.subset", syntax.label_value(value.subset))
    if value.port:
        yield from wrong(f"{path}.port.number", syntax.port(value.port.number))


def weights(path: str, values: list[int]) -> Findings:
    """Negative weights, and several destinations that would get nothing at all."""
    for index, value in enumerate(values):
        if value < 0:
            yield Problem(f"{path}[{index}].weight", f"{value} is negative")
    if len(values) > 1 and sum(values) == 0:
        yield Problem(path, "the weights of several destinations must not all be 0")
